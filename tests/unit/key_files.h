/*
 * key_files: keys, and signatures over "makoto", as the openssl command line (3.0) made them.
 *
 *   openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256            and the like for the others
 *   openssl dgst -sha256 -sign KEY                                            P-256; -sha384 for P-384
 *   openssl pkeyutl -sign -rawin -inkey KEY                                   Ed25519
 *   openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign KEY
 *
 * They guard nothing: everybody has them.
 */
#ifndef TESTS_UNIT_KEY_FILES_H
#define TESTS_UNIT_KEY_FILES_H

#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wr.h"
#include "tests/unit/hex.h"

#define SIGNED "makoto"

#define P256_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtlZBFiYhuW3gd3RA\n" \
	"cQfyV/fzVJOiGoQC7AdhYbJi03qhRANCAARk6ZTkTRofCMS1IFz3NuTZ3fRSBdlR\n" \
	"fKodtewn7w2i6TgTkDCsVKPsBE4TsYy+6V0BcSvVC5eromw/gMSxCFsc\n" \
	"-----END PRIVATE KEY-----\n"

#define P256_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZOmU5E0aHwjEtSBc9zbk2d30UgXZ\n" \
	"UXyqHbXsJ+8Nouk4E5AwrFSj7AROE7GMvuldAXEr1QuXq6JsP4DEsQhbHA==\n" \
	"-----END PUBLIC KEY-----\n"

#define P384_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDDezRHQJ63FklYgjZ4\n" \
	"jUsjnUdalcRBvaUfmVu2SoJAtBQhfg9GKVpwcJ0J2yP8+iuhZANiAAQz4b9Dusqn\n" \
	"Mrlup5I1Nj2b543OvYyhN7KlYNoNxU7wyufKyxq1b7GrciVqyAT/UMKbZLyTCB9x\n" \
	"73btGXC2NfmDlEDmDZnJtmFrjnWxSyVMOmNVoGotd7av9PW0tTBlIF4=\n" \
	"-----END PRIVATE KEY-----\n"

#define P384_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEM+G/Q7rKpzK5bqeSNTY9m+eNzr2MoTey\n" \
	"pWDaDcVO8MrnyssatW+xq3IlasgE/1DCm2S8kwgfce927RlwtjX5g5RA5g2ZybZh\n" \
	"a451sUslTDpjVaBqLXe2r/T1tLUwZSBe\n" \
	"-----END PUBLIC KEY-----\n"

/* The seed of tests/vectors/vectors.json: bytes 0 to 31. */
#define ED25519_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n" \
	"-----END PRIVATE KEY-----\n"

#define ED25519_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n" \
	"-----END PUBLIC KEY-----\n"

#define RSA_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIG/gIBADANBgkqhkiG9w0BAQEFAASCBugwggbkAgEAAoIBgQC7ni1ClH0J7nc7\n" \
	"AXrrnord+eYcQ1MlConRJqyQJ6gZVbKG+yuqr/qGUflam/d/Eq2o9ZqNnPwvarRf\n" \
	"o5PkRDYNsTOmFVhhrOr7dTD5T+3W39EoHWV2hKTT2J8aMxV5FXPW3LkXjtcXqyzV\n" \
	"nOvYqCfoshUz6CSnz3W6SyVzZSGv34aeN0OwCLiHiTa9vtejAZZZxPoFki6w6gkI\n" \
	"S4mwGEFDpX6/ZuMvpc5//i/kxszI5NzYamL61H8FGB+au13byj5HfYQeTfpyzR/Y\n" \
	"9kUCqGyQ8vw55NKp2wN77IpwpyNFcBCJuAd6DistfBAkiBnz8oBcAtXX04OMb/ok\n" \
	"gFSaRtrgBRI7IUhBcuKH5rNZ9SzOhEX/1Hb+OCmzNa+YU8yJqMbNlclQCYm9uyzD\n" \
	"b+2CSth84+Uk7VyzcBznuAt9a8fQAGSXz9gkKBajbq3QK3oFghn2ApJnc//6xoSL\n" \
	"UrHPK1PBboSFrGwshWmwiJ8L9ayX/j6tttnt12ZHOFQEOgpJpjcCAwEAAQKCAYAL\n" \
	"/Ar+FsgfS0lNzpwQfach43sB0Sx4JZfaHAin3gX3NanaxM6W76N8KF5aSF44ksk0\n" \
	"YsPwSdfeG4h8F3yJ90V7Uxdug4HgHhCV5s2DD3UCOyJ8LSyJs+gSKY3i5DfPQpc3\n" \
	"YWVoDirKi0JTlDDd58KXiFChvobLkA1Vd265U/t2kDu5fY7oVBZIKh6suN/DZ4WN\n" \
	"ecSoIxyya7C6A+vpVhNNLpQjG9UP+nJva0hElTey7tOgoLhujLEJx+8KOO/CQMU6\n" \
	"KY64js3lfL1pzzjX6Y1ZEU3iXKKtLmRFK+Riz4IqWwwPXo0m2WB9/MFUEh+fewyq\n" \
	"6KMfrldt3RkWwY9UYTzA+b8GUqT9z6rNLhu8ljAlFX5qKQ517Nt1rUZPH9+cUW0k\n" \
	"HkksE9PacKbH0YgABi/TQaXOzCJ33zcVtIcxvaRAwnDqNOeLeMGZgoEXJ/y4614h\n" \
	"foZnuPq7Td3wIwsjYT/mRrqQP07nwOJUY1/Fri4X2NM4DJtyh9+oBsDSpVFvggEC\n" \
	"gcEA9WdLvP5wqNwhjP8N92zN/cDyKf1Otp1Xg+FqveHAcUC0J7Wsz7cq4UipnlUY\n" \
	"bRYk9dBdFVNqxSU5SguHS6gkMAvsmlRioZP8JvCVFtzaMebNJFIQ8unY+gN+M7u3\n" \
	"/nLy9NgfmKL35DWTjJKXrSZJQhgYKF1F0/jO7+XAtyoTygzGGfHnm4L0FWjxJ9Qw\n" \
	"mrwrsleE8vwekkvOUMD+lL1hcPXYE/MlXK6CQuC6CBzDLXLaclD3rnF/CeC4+7r6\n" \
	"FXcBAoHBAMO4HYxJ0skl9N3AoMlo6quoKpMFmXyVLBEld2MeHj7myh/D6DoImsjV\n" \
	"IGTs9zIvqBCwXCmISMpGzUFvri9L0zD411mj8nVz2Pm+T/8uSt6j0l0KN/UhGdaG\n" \
	"MgVUVzpTO8+5u0PYUMSt3QXXyBcsw1LsBgix2VqvXNUsG/TyEGs3dLTAS97ztcp+\n" \
	"qFsPr5tSZHAGIiuNZfzBU6xFYwM02tdAV7XVdUND7ovH4ygiJOoxWjDErcV2hmcA\n" \
	"g8/hxuoVNwKBwAaMlCveCnmnLkoKAIBq6fBstsnCFdivyEcfu+6HWNBs7qHkqlD8\n" \
	"zWsnukccdENtBN1+iw1npYDPZoEAX8L4IMcbelwABoXTYjZT01bB3Bza0Py4J/Wj\n" \
	"ogPCFhshVl63CJ7aKbW0G7N+boqg2uVnEStvYy2ol5V5nWQvmH4K5G5O+vZ0Sz8O\n" \
	"Np9fppfuhMGMZgojZcvqSJKU7VOgYurrRu9x0CtwIL4hdh58ytouklLjLstAN+vy\n" \
	"4XYNBkLJkaUDAQKBwQCfTl2+stg/ogWN+hzl0+AvmNIOmaA1J7aWvkhPBVTZHkGn\n" \
	"WW7MzfQvREr522faEbBa5TIfHC8jdj3b5WuCU9WzJtkiva+8qm8R2TaEHsoSLoYr\n" \
	"9QVXIXpGgzRz4hKeBuHIUwV6U7hqXpppBxp2wpi6BiNjMGAa0GJfoWegGOgEXT9B\n" \
	"YMRg1T5DdJTUihAF/SqDhHqLuKwq77GLp27QTVVTn6vE9dpcxg6E+E6NfD1P4pvm\n" \
	"1jAbaj472M9xhfTC1EECgcEA529J+NNVPR6dr9KqIizxchlXvW7s6xTIOvdEchQ4\n" \
	"v9vRbv1mwKrD5A6v+O/c5oxPkR9N/8Z3+wYMmYJc2if840tnrXa0UZ61C+En7KVo\n" \
	"/hJHDJ7fLGr4/I+WGcfEd0sCqthhxV2LeJc9XngOp64d9UDygGsm1yYhU6PrPxwt\n" \
	"6vzonhqjDwbFpZUi/wcwHWtb3k/JfYtB2G2Yho/4Hdq/PWE5HR/dWHvM1qbJamQJ\n" \
	"jqVfEq1hmHt5J+d97D1I/A3i\n" \
	"-----END PRIVATE KEY-----\n"

#define RSA_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAu54tQpR9Ce53OwF6656K\n" \
	"3fnmHENTJQqJ0SaskCeoGVWyhvsrqq/6hlH5Wpv3fxKtqPWajZz8L2q0X6OT5EQ2\n" \
	"DbEzphVYYazq+3Uw+U/t1t/RKB1ldoSk09ifGjMVeRVz1ty5F47XF6ss1Zzr2Kgn\n" \
	"6LIVM+gkp891ukslc2Uhr9+GnjdDsAi4h4k2vb7XowGWWcT6BZIusOoJCEuJsBhB\n" \
	"Q6V+v2bjL6XOf/4v5MbMyOTc2Gpi+tR/BRgfmrtd28o+R32EHk36cs0f2PZFAqhs\n" \
	"kPL8OeTSqdsDe+yKcKcjRXAQibgHeg4rLXwQJIgZ8/KAXALV19ODjG/6JIBUmkba\n" \
	"4AUSOyFIQXLih+azWfUszoRF/9R2/jgpszWvmFPMiajGzZXJUAmJvbssw2/tgkrY\n" \
	"fOPlJO1cs3Ac57gLfWvH0ABkl8/YJCgWo26t0Ct6BYIZ9gKSZ3P/+saEi1KxzytT\n" \
	"wW6EhaxsLIVpsIifC/Wsl/4+rbbZ7ddmRzhUBDoKSaY3AgMBAAE=\n" \
	"-----END PUBLIC KEY-----\n"

/* The same key as older tools write it. */
#define RSA_PUBLIC_PKCS1 \
	"-----BEGIN RSA PUBLIC KEY-----\n" \
	"MIIBigKCAYEAu54tQpR9Ce53OwF6656K3fnmHENTJQqJ0SaskCeoGVWyhvsrqq/6\n" \
	"hlH5Wpv3fxKtqPWajZz8L2q0X6OT5EQ2DbEzphVYYazq+3Uw+U/t1t/RKB1ldoSk\n" \
	"09ifGjMVeRVz1ty5F47XF6ss1Zzr2Kgn6LIVM+gkp891ukslc2Uhr9+GnjdDsAi4\n" \
	"h4k2vb7XowGWWcT6BZIusOoJCEuJsBhBQ6V+v2bjL6XOf/4v5MbMyOTc2Gpi+tR/\n" \
	"BRgfmrtd28o+R32EHk36cs0f2PZFAqhskPL8OeTSqdsDe+yKcKcjRXAQibgHeg4r\n" \
	"LXwQJIgZ8/KAXALV19ODjG/6JIBUmkba4AUSOyFIQXLih+azWfUszoRF/9R2/jgp\n" \
	"szWvmFPMiajGzZXJUAmJvbssw2/tgkrYfOPlJO1cs3Ac57gLfWvH0ABkl8/YJCgW\n" \
	"o26t0Ct6BYIZ9gKSZ3P/+saEi1KxzytTwW6EhaxsLIVpsIifC/Wsl/4+rbbZ7ddm\n" \
	"RzhUBDoKSaY3AgMBAAE=\n" \
	"-----END RSA PUBLIC KEY-----\n"

/* openssl ecparam -genkey: parameters in a block of their own, then SEC 1. */
#define P256_ECPARAM_PRIVATE \
	"-----BEGIN EC PARAMETERS-----\n" \
	"BggqhkjOPQMBBw==\n" \
	"-----END EC PARAMETERS-----\n" \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIHwFwf8OjhAh6UGTt1ChtwjKV3ytuYAG2Ac8I3TqfneHoAoGCCqGSM49\n" \
	"AwEHoUQDQgAEWZopA3N5j+hsekapMyusIOLxA4zWfIZlz+V1P4x/Xq1y//CZdZX+\n" \
	"B2aAE8LmP5x8CKKh/3B6YfXjU2XsyRehlQ==\n" \
	"-----END EC PRIVATE KEY-----\n"

#define RSA2048_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCppd4tj2O7cYC5\n" \
	"PVpycLYU+wSIFxy++W0Zx7cohH2Sbc4J/um7p6lK7gOvXlrUI8VEL/OrG+LO8Gfw\n" \
	"mAzFwAFS8BOkGZNGjrDeU0AvmqKkJTwdh3hFYgWj9nyahY9Mcz27AAAfdRXoKWOo\n" \
	"gRIWbRec4Zz7OMLFr3zDmQRW1YuXGfUIo8GU18PdaFjj/0L8sTAeZ4VKWOiOmZsI\n" \
	"JWP73217SVMYonFxSGIaLREjrMGmqvb97qzWpK0hC/OPhdPYrOoxngMZHzFU9niF\n" \
	"/lvUdcSOr2BraYfxyv1VMylA3bbRwBlJ35XKFVUXxZmKc6647r7lvytqbyL8mNy0\n" \
	"lMqbjJvXAgMBAAECggEAFLb2gHUAG4o0ypRNmqhdQ1s8kWrTuBSiwsFv1u2z8OZM\n" \
	"K0z0uKo0nLv1YpDQjGjAafQPpSFm5MKBc+T3t58bSkea+QWlGw90qfZbtwmtuaym\n" \
	"QNYi1G4EpvcDqKaNpIB0gC9Jfzh/xUpl1dR0zfI3g5DKPKQQpwInkjFOpf+152wx\n" \
	"Ljs3Zbxd0Pq/CFmmdsCRllZXbWCqSmBQAsXbeJm++DgGSR+q94b7I606cOsnioWs\n" \
	"cKTfRbbvA1d3JoR3Y7e87vKc4xnjDfaGWL/HA5/kMqU1VgQPJEDMA49/bCgPYLDs\n" \
	"9R8u1bICdJjEzO23DYjVgdJ/8ktv8LMxTLfIeKEZIQKBgQDlZaU9sjDTskks5f1h\n" \
	"2xyi2gf3OpkTL5CeGna/6aEgLQJCXqxVeBgByRLZWlkhSb3qnKN5f75gHGHO/J/9\n" \
	"1wVdGp7ra/NJ0OgHIlFwmAPZoT7xwvh4P1krwHGYvxJaUGTRTARPGIqBQypUYioU\n" \
	"4iZUTxwayIcgB/FS6mlNqKZ88QKBgQC9UmLnMlO77WITGbM4ZkYcSip1PC5yTjML\n" \
	"GPr+rO7BQy1Rat8KhYXl4M2rz9go42A6BUSXgTozI76GySUYXCF1GKG/vkW8t5Xk\n" \
	"ZdCbUjvRBOsCq+/z3afBzxR+2TsTtpGUo8bo/yrUTTb/qXh9Ozn+GQUiakiYMswi\n" \
	"tT7N7ONFRwKBgQCE/Tqg2+8mq5N0rhkJZCfj2ZcIozYfQ1IJ9rmlZOJ+btmCdLRg\n" \
	"EHGKh3GgBJrri37IxuqXA5Hw0kN55kcyuDdp1IcRYNH4l14M1L52EgsZXjvJmQjH\n" \
	"XaJqlPTGYu9W4IiyNenBmS6i5bdimE5hMQKbmglnFZ4Q2cn0EeXemcl7YQKBgHp6\n" \
	"eB2WA3HKiu5MbBOKpsTafklF2857JK6DRK3J9tP0v7ayawUFiLBFFQmX9wHMx44B\n" \
	"pnRVV++JqlLMgkEWKVb1zn6be8YxBrmx3Jj/RE9e3SLnVN7xgPvzGhFOO9fu/pOo\n" \
	"uKA3o9+g7HnNi3OJA2WNjjLLi5dbFZFGrBDQtd81AoGAFzWLVoiU95gp6tAt3HpQ\n" \
	"Q2SjpGs/OG1mBRNQeNl8N6sT/FEyodIrdwN2dvYzqztRYAME33HjnaFx5EdkjlxQ\n" \
	"fDtOKVkjVJBSNgYmd2VJb0rRkH8Ari/eABtJrt+Bc0pIN6fOSUexWCX5RYqTXghE\n" \
	"OAOTUYSAgvW9hVHPT3PPd10=\n" \
	"-----END PRIVATE KEY-----\n"

#define RSA2048_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqaXeLY9ju3GAuT1acnC2\n" \
	"FPsEiBccvvltGce3KIR9km3OCf7pu6epSu4Dr15a1CPFRC/zqxvizvBn8JgMxcAB\n" \
	"UvATpBmTRo6w3lNAL5qipCU8HYd4RWIFo/Z8moWPTHM9uwAAH3UV6CljqIESFm0X\n" \
	"nOGc+zjCxa98w5kEVtWLlxn1CKPBlNfD3WhY4/9C/LEwHmeFSljojpmbCCVj+99t\n" \
	"e0lTGKJxcUhiGi0RI6zBpqr2/e6s1qStIQvzj4XT2KzqMZ4DGR8xVPZ4hf5b1HXE\n" \
	"jq9ga2mH8cr9VTMpQN220cAZSd+VyhVVF8WZinOuuO6+5b8ram8i/JjctJTKm4yb\n" \
	"1wIDAQAB\n" \
	"-----END PUBLIC KEY-----\n"

#define SECP256K1_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgEHb0RdUVpgxW6bJ/ftrN\n" \
	"ZosrCJqwGGpgafqrANg29RyhRANCAAR4aQ2GmM0lCpzTtwFRE5V+6cEohiOGA5kf\n" \
	"gMCs591F1WgJiKhSM0o+Jdoyz8yDcI7SdcNy6wrCqzYj/68Pq5bG\n" \
	"-----END PRIVATE KEY-----\n"

#define SECP256K1_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeGkNhpjNJQqc07cBUROVfunBKIYjhgOZ\n" \
	"H4DArOfdRdVoCYioUjNKPiXaMs/Mg3CO0nXDcusKwqs2I/+vD6uWxg==\n" \
	"-----END PUBLIC KEY-----\n"

#define ED448_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MEcCAQAwBQYDK2VxBDsEOVzXwlSLWk9IzA2vygmj3yP80wVG2I4ekRATM1wrZtoR\n" \
	"PKCDI90dmdfyalZjOZVv5VaX03jvkxkKPA==\n" \
	"-----END PRIVATE KEY-----\n"

#define ED448_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MEMwBQYDK2VxAzoARk2TCKZXnkzc12iwD6Ezf+oi1sTUNW4/ormtOpeuTI41uaXQ\n" \
	"U6EYsTMPlnU+xetcj5HmFp3PHc8A\n" \
	"-----END PUBLIC KEY-----\n"

#define X25519_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VuBCIEINAr7tyfaoAIrSYUG4eQMpKGqRQBybHc6AqRB0UBYQ55\n" \
	"-----END PRIVATE KEY-----\n"

/* A key that by its own word signs with SHA-512 alone. */
#define PSS512_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIHMQIBADBBBgkqhkiG9w0BAQowNKAPMA0GCWCGSAFlAwQCAwUAoRwwGgYJKoZI\n" \
	"hvcNAQEIMA0GCWCGSAFlAwQCAwUAogMCAUAEggbnMIIG4wIBAAKCAYEAobTmBQDu\n" \
	"siB/uhggo//KPdvgiTMj3V+k9Vu35beFPa3ocILC4TnEm9gEvY5HBOjwixXcIROq\n" \
	"Jz3OazJ6P+FkZnT4xfq7Y2/95P52rWxDzlgJSaqYwvxmJeD+ZfWTkcivWKtKFU7u\n" \
	"O0Uap1BIP727B0hHkMikbva5iwm5dR122ZcRQBLqsCn6GTrcTv6QCc9oxWf3zPDu\n" \
	"8C32b3YB0cj+ZONP103yCV6Td6u1a3SEkvBaeqGQj2KQy8Auu3emOI5msXia/R2r\n" \
	"HGbnFi4EOllC62kT3MJ5Dhj3WdXhjcD1heb/y0ExceJXpgigShOcA+H3aNumkVyq\n" \
	"RL+tQs48i5mGxGCQEK1JopyqJ8UapwSPppWpKKFLbOqJzyrHbzNsaMsO0E4XDjaT\n" \
	"4icOuL5D+Gu5soOgSeQ0VZgO5PPQvAGiUJRt4nhQH+Z/aM4VwcU65twcdLUY3jf4\n" \
	"VVa2YwYpuccNHOOlGRi5UYthmbgmyi4On0tiOFjL8CzoOwnpxtm7jqLdAgMBAAEC\n" \
	"ggGAC1xOaa0UV/LVDmGqD2OF1Z04M+NiImgZCnzQWWTwiTIJ2beyEckxcSJ2yMtx\n" \
	"XVyxI5BcV/2N73ZV5W2VLZ4747/Vh3EzT4vbakZfV5U62UkRk/mWhGJfmcsqDEc5\n" \
	"wBz5hrD4AjG6pnLXKciH3uSJOnx/PKJ//OS8CdLb0ujIRAarOVVq5Af68GFUf38+\n" \
	"ZtYJvg6tF9qYasrL3K5Nd+vXRYa7wfxRpAtfMGHhm8RCmSEmNiXaJlyuIAZnMhf4\n" \
	"l1IXs8rXUz/xHD0vo5BlxiOqtkg1xwxW0banMN35ZdEaP7Ap+1F3ag4HnNDDeDX3\n" \
	"SrSwXk4hXB2xM/HaO9Nqm8ibX+q4MwkGel8k5cVdAF4O7BshSMejvpaMlyzGnJls\n" \
	"xe7O48jqrvX2MZBJpzHbUVNXbNGzm3K4fx9tfw0ZqxrzjNYIbi1X2FaWMVeTGaRx\n" \
	"cQI0rMh+hgI6HoBh865POm/mWHxLhVBjmP0TDl4e94gArLO0oXkObsuhA4QdI6Mf\n" \
	"sOkhAoHBAMzLScJydLtwXq/fFo3mrMRY7CdzxAa/htyzpnAsSTr2jUm75SNKV6z8\n" \
	"CV3qxD+NGo1nZb2FEcVuBbBDCJkuf8WXuHUo332O6RVdv5B3dD5JuwhJ9jdmlUXk\n" \
	"0Zmm37A6XycU499O20X+UnJsozqbRRbAVWilb/r/D7Fa097XkFa//K7uebzkQV45\n" \
	"b2gazCSAGaBjPnxCNx7G9py4ruuGSAEV9k501aF+IP7IMOawAez6H1+bmhceqyYa\n" \
	"jhns5PldfQKBwQDKI52JRgNJFHPstRN66RugCnd0Bo7+rVw4n9USZ6ym4UlgUOUx\n" \
	"ssa5/ailjNOrs4+H302r52yXx72i05It3wQE7+UznVnRVwVlZrcUqE67UdDpwmB/\n" \
	"S5gIJdlKRFhhdkWRzGeir45EwXV0QiuRCGrsy0Lrrg4aaSVRK/96yTR5X5wu1r77\n" \
	"jajeSy0yrFww9IOLvMUvR6I7FDh6/aDLjJuNqoPR6j5EqcQh1DYEBUJhs/KsnAGb\n" \
	"x7SoOnPHQ+sq2OECgcEAtEUqO2D3Alvq7ZNJzkVExV2lGyFbZ7lGZJY7JzjEiYOo\n" \
	"YURlckgpn1sIf8R9VZfGzLw8obQ2LX0owrxvIC//RxbDx1XgTSz0Xdt1Gh0clQvf\n" \
	"+G7qrl+9fJXsLv3mn8DyK3vHDrXibN1vA8w/bwJosZtCU2h1hxLoZG0YXWuRYduD\n" \
	"+RRw0uZ16BRUzeXw1xxv8nAJ++Vpkc0AHnqvdyFv1ozXkL5los9dCgl8ikRanZia\n" \
	"71UQMdPMQjFT7txJvnwdAoHAMO7oPwf02aca3Q2EtrdhmZ+PBUZlLV/YOFjw4rC4\n" \
	"Sfm1opxSr3JAy1uNjO4He8RPFaxICDpQvnl6/cTL2VDojy1nxdPsn1G6m65+2YBY\n" \
	"9t26fiww4f/xwN8wt9rNrmJMOxxJZkerYBeZEFjIZSatg7885wLOpTQY9Yp6IUY9\n" \
	"7rfnfis8Nnc3jwCR43d4Jd27ToOXFHf53OVrOtLVLxFNwsCpgpJ7GnIiabIOlXCU\n" \
	"fkRqlcB6XzS8FhF4X5+geVHhAoHAdkesfqFZw/3NTnPMN1iJuUsDXd/95NN47SSz\n" \
	"IDzDapFNCTkkx68OvRdnu6weuOXk9hQCYlYXW7LHs0zc2Fk3Ot6xPmXZbmrGJpWg\n" \
	"OrLOvx5zcFBqyx5Sw+VxJsF51IhvhT8JlEwZZTVUDBr3C6SiaWV+HiPZnPh+amWZ\n" \
	"7cMEGRxESkQP13QLuDzC+ykkhvME2YvShUNHCT8g2DOB/IM8X5R5b9reQUFBPrik\n" \
	"H+YZOkOPsb+3L8KOa9mV//h8kE41\n" \
	"-----END PRIVATE KEY-----\n"

/* P256_PRIVATE with the public half of another key. */
#define MISMATCHED_PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtlZBFiYhuW3gd3RA\n" \
	"cQfyV/fzVJOiGoQC7AdhYbJi03qhRANCAARTu5kZ1BzG6FJdXi4Afx0B4WdD4IjO\n" \
	"3KurrWIsv+wd4fmwwiJ4z1C4gHKO+Oj2FJqPyuL4tlNlV15pdHRgi86Z\n" \
	"-----END PRIVATE KEY-----\n"

/* openssl pkcs8 -topk8 */
#define ENCRYPTED_PRIVATE \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj+rcJBFrIyggICCAAw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEH25N44vZblErlPJ4VfR2o8EgZCF\n" \
	"8xk6ikBSE3rAxjYw3NHGjff89eWNahgWL8JYMWiDZn839EcN39tLMB5NCl8AhYRu\n" \
	"4ini4v+NKIHwQrsXhwPELN92yTyFW4lHrtmauBxXIZFo7iAAxnz2ikhyeXJ6MqlZ\n" \
	"sbA8ErhCnKOQZ5MKuwK1QhdrDl7Dl/G/euNf/RUU8yXGyTQwWH6+qiHfusIfQ/s=\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

/* openssl ec -aes128 */
#define ENCRYPTED_OLD_PRIVATE \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"Proc-Type: 4,ENCRYPTED\n" \
	"DEK-Info: AES-128-CBC,89A8768C6C1B735CCD9AF4CD1B8CD516\n" \
	"\n" \
	"rQ3sDeVbhnol63Mnqo2atE79QCEsL/fUyjMMuWN5G1Ww46mlRDj/iX6eORm3Z4Gw\n" \
	"I9ccoGRR73aEsIOt1hmt5bg2tNp4Oplkp/JXcBOr3jvYswSDUElnT1+MgUucvuGv\n" \
	"i5CeDSP96KmFD1dyG9MoKvHTgafiSZq8HIqbrAGOzsk=\n" \
	"-----END EC PRIVATE KEY-----\n"

#define CERTIFICATE \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBbTCCAROgAwIBAgIUOoHa1DyX3L/v8y0DhCTUO7J9fjUwCgYIKoZIzj0EAwIw\n" \
	"DDEKMAgGA1UEAwwBeDAeFw0yNjExMjUwNzI3NTlaFw0zNjExMjIwNzI3NTlaMAwx\n" \
	"CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARk6ZTkTRofCMS1\n" \
	"IFz3NuTZ3fRSBdlRfKodtewn7w2i6TgTkDCsVKPsBE4TsYy+6V0BcSvVC5eromw/\n" \
	"gMSxCFsco1MwUTAdBgNVHQ4EFgQUFlP8p96pz9MIsLT/t569OMTLBlQwHwYDVR0j\n" \
	"BBgwFoAUFlP8p96pz9MIsLT/t569OMTLBlQwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n" \
	"hkjOPQQDAgNIADBFAiEAxabucPOxfQ9oah2dr9d0PAB9oZvguIPGF1GQj9yvZ9QC\n" \
	"ICkr/C9yo/FAHcZxjkB4XA+ipx2MLlsBWqz3eV/gtBSv\n" \
	"-----END CERTIFICATE-----\n"

#define P256_SIGNATURE \
	"304402205e1779da1d974874bb3104d1f4b6c4f6b3fd9a142b0f3bddd1380b446b5e2e77022049405d1319a929ad5229" \
	"acbcf534062d94a339455cb577bc8cb2cade5e02f464"

#define P384_SIGNATURE \
	"3065023100f0c7a38475148767b28e4bde1a25510cb5096b2aa8f1974d17549d6a9f803e9ed9d48b1c93540e882f2ef5" \
	"bddbe030e3023075075712b9c61df002ef8efe6a9b867876f5312a9fb5b27ab6b10502ca08b3d922e3b1c5720d54a346" \
	"d2875fc4b82906"

#define ED25519_SIGNATURE \
	"d18d164edb945cebbde2f4afda32ca2761d02c2975db838ac460bcb37ec490d32521778ca16d533bd0e810fff48d044a" \
	"f9c0590fb1459191a64d2f8d57fac80e"

#define RSA_SIGNATURE \
	"8b1fe1ff692a19786882ffd32f27d417ab1decd011bb0881b87f5a8f87dbfae412642a0c6bd49187d73cfceee5b19598" \
	"3f90029e58938cc7c12c9e2b2a79a471dc86ea8bd4b6ae4db9085472a1f8d033fa2a25739277570b3f9032c7cf003e3e" \
	"a5650216e13f9785761e7eb3ff58f14574beb14504d85c22f9eb6d1faf04bc261feb4a2993cc5bdfaaec8f6fc7e4c77c" \
	"c932b74dc87204a8eeda19e67430c3c568129f8fa7dc8ff77840a4222532e297f38b71c22f75afa1e16182b5a42de323" \
	"0a40379913a0679dd2613914cf930314fb17c3919a924a170bbccdf66ea1f1255198259f449b6acc43a313d7c0718fb0" \
	"3672547c8b82796fd191fdec734d0ee62aa274008fc37524441dbc0fdae5a3719b918bd91a21bd554113d67de32408d7" \
	"97c791f9a4ca6bb139fda1a3700b51bdb523ee07ed21b0286122a574926cc4420e608ba4bb6d1402957960d3fa702c76" \
	"6b33427301e7fd6b3b5e8fab6a76827911bc7240b2e79cbdc81c1a6b99d6aa34a161d5ab4579ab6a7641f639579caf6c"

#define RSA_SALT_20_SIGNATURE \
	"69d960d89bbb2e2e77d695d2a67786e2535c56f78e9d593af1c326f88ecf556b1bb08e573af279d2bbe9e16cf34ae122" \
	"8f63eaa64e9764659af96a17e8427e367995d923e930cceebaa0b2a3151057c2dbd1fc80304deeda6e1e4b2b3b5f6163" \
	"e544f1011a7b71bf179b8c9cb1d8b5300c849caf3358ccd44ed64672ec59894f7b13516ad75ceb4931644443b61122e6" \
	"117cbf6eb30e5f62b8b2f0b2885149fd3987d4f30ab2641eb83aca0549713393f739e304d69275edc8374cbd9c3b72f3" \
	"f53b66b68143da6514aff3908f800a9eed5a7e0a3e474a329ab432e20635ebd64f03da885f6c310f7675d32b3783edbd" \
	"0893d36957192d6ac8b3e722a5d198f79e25b4d853f566621900cff0609a25fe7e82c2827080fab44c56bd9cfce54962" \
	"aa02100c6e99af4a007a4c702f39346bcc727ba0a0c174901f2f2dca359ae92cdf8339e1e3914ddb0d2f64f6254bf23f" \
	"adc6559510aac9053227901537ca77110a87d57703eba600cd1e8c707903f2cc59e0ad8d764f33025368e5ad4f9c0456"

#define RSA_PKCS1_SIGNATURE \
	"1889f574e9dd44de22cef7366fa1df5e1eece0afd8b92891db120ecba9f4e38c36858639ac28a71c722be326cfd65ab9" \
	"8a8942f4f839d0368fe3be993b2ed31a4adca1a68e2c1be7adcb26c83da82995022f7ae2182328eb2304ac39e9b35429" \
	"24cdd27ea0f81a0278fd455424226c80524d6712a0dc5b8d249e695815299905b3d1aedf8ccae0362a80b0723025adce" \
	"95d92ed786842258dc76abab78f664abdaef3b470f25d2568273588721be47f330a49b3d9746ced0242f7b2d15d47a37" \
	"a3403241382e173e910afdff1e186b442e77bef720fd6ac3fdae13ee960bc5064169caeb132561fd6164ccf588505aea" \
	"cef2072e88a6a622732773e9434445568f01883e8cf39dcf019ee2579bd48e63dd79d1246b00cb2075e000c1e58c1c5c" \
	"9b6d40825e6f85eb9177faab056e9d602f37a59d98062909266ee6e8369465cffc6b9d6b3ca1417640e6cb79d9f2244a" \
	"8a8a6c8e274d2f662c43e6e31700113b51e4dc2f0140bbd064175272f0a6fa0bfc27e20e8b90802f4b0849a0f06cdaaf"

#define P256_SHA384_SIGNATURE \
	"3046022100bf137985d155724c197d55fc35b256f1bcc8e7970f09f47755c48f7bc4cc0cfd022100c93eaec8b43dbf6f" \
	"c4225b0d680f6fc6075f3c781200568ce20cae3e4a0db4ed"

/* A folder for one test; key_files_gone() takes it away with the files that the test names. */
static char key_dir[64];

static inline void
key_files_folder(void)
{
	(void)snprintf(key_dir, sizeof(key_dir), "/tmp/makoto-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(key_dir));
}

static inline const char *
key_file_path(const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % ARRAY_LEN(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", key_dir, name);
	return path;
}

/* Writes a file of that mode; returns its path. */
static inline const char *
key_file(const char *name, const char *content, mode_t mode)
{
	const char *path = key_file_path(name);
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(content, 1, strlen(content), f), strlen(content));
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

static inline void
key_files_gone(void)
{
	static const char *const names[] = {"key", "public", "other", "other.public"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(key_file_path(names[i]));
	/* What a function left behind would keep the folder. */
	ck_assert_int_eq(rmdir(key_dir), 0);
}

#endif
