#include <getopt.h>

#include "ctl/command.h"
#include "keys/keygen.h"

static const char help[] =
	"usage: makotoctl keygen [--algorithm p256|p384|ed25519|rsa-pss] [--out signing.pem] [--public public.pem]\n"
	"\n"
	"Makes a key for the proxy to sign statements with, and the public key that verifies them.\n"
	"\n"
	"  --algorithm NAME  p256 (the default), p384, ed25519, rsa-pss (3072 bits)\n"
	"  --out FILE        the private key, PKCS#8 PEM, mode 0600; default signing.pem; an existing file stays as it is\n"
	"  --public FILE     the public key, PEM; default public.pem\n"
	"\n"
	"Exit: 0 done; 2 usage; 3 a file exists or can't be written.\n";

static int
run(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"algorithm", required_argument, NULL, 'a'},
						{"out", required_argument, NULL, 'o'},
						{"public", required_argument, NULL, 'p'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *algorithm = "p256", *out = "signing.pem", *public = "public.pem";
	char id[KEYID_LEN + 1], why[512] = "";
	int opt, err;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			algorithm = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'p':
			public = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return command_bad_option(c, argv);
		}
	}
	if (optind < argc)
		return command_misused(c, "what is \"%s\"?", argv[optind]);
	if (strcmp(out, public) == 0)
		return command_misused(c, "--out and --public are the same file");
	err = key_generate(algorithm, out, public, id, why, sizeof(why));
	if (err == ERR_CONFIG)
		return command_misused(c, "%s", why);
	if (err != 0)
		return command_failed(c, "%s", why);
	printf("private key  %s\npublic key   %s\nkey id       %s\n", out, public, id);
	return EXIT_OK;
}

const struct command keygen_command = {"keygen", "make a signing key and its public key", help, run};
