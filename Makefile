# makoto-kafka.  `make help` lists the targets.
#
# One file, no recursion.  Each flavour (release, asan, tsan, coverage, fuzz) builds
# side by side in build/<flavour>/; the programs of the release flavour are linked
# to build/.  A change of flags rebuilds (build/<flavour>/.flags), a change of a
# header rebuilds its users (-MMD -MP).

FLAVOR   ?= release
CC       ?= gcc
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := 0.1.0

B := build/$(FLAVOR)

PKGS     := rdkafka libevent libevent_pthreads libssl libcrypto yaml-0.1 jansson libdeflate liblz4 libzstd zlib
WARN     := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-qual -Wcast-align -Wstrict-prototypes \
            -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wundef -Wformat=2 -Wvla \
            -Wsign-compare -Wswitch-enum -Wimplicit-fallthrough
OPT_release  := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
OPT_asan     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan     := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPT_coverage := -O0 -g --coverage
OPT_fuzz     := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LD_release   := -pie -Wl,-z,relro,-z,now
LD_asan      := -fsanitize=address,undefined
LD_tsan      := -fsanitize=thread
LD_coverage  := --coverage
LD_fuzz      := -fsanitize=address,undefined
ifeq ($(FLAVOR),fuzz)
CC := clang
endif

CPPFLAGS := -Isrc -D_GNU_SOURCE -DMAKOTO_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   := -std=gnu11 $(WARN) $(OPT_$(FLAVOR)) $(EXTRA_CFLAGS)
LDFLAGS  := -pthread $(LD_$(FLAVOR)) $(EXTRA_LDFLAGS)
LIBS      = $(shell pkg-config --libs $(PKGS)) -lsnappy -ldl -lm

# Every room's files but the two main programs make one archive, from which each
# program and each test takes what it needs.
ROOMS    := base digest net kafka makoto keys rdkafka config attest verify proxy stages admin
SRC      := $(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c)))
DAEMON   := $(sort $(wildcard src/daemon/*.c))
CTL      := $(sort $(wildcard src/ctl/*.c))
OBJ      := $(SRC:src/%.c=$(B)/src/%.o)
LIB      := $(B)/libmakoto.a
UNIT     := $(sort $(wildcard tests/unit/test_*.c))
UNITBIN  := $(UNIT:tests/unit/%.c=$(B)/unit/%)
FUZZ     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZBIN  := $(FUZZ:tests/fuzz/%.c=$(B)/fuzz/%)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all lib help clean unit

all: build/makoto-proxy build/makotoctl ## build build/makoto-proxy and build/makotoctl

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

lib: $(LIB)

$(B)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' > $@
FORCE:

$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	@echo "  AR $@"
	@rm -f $@ && ar rcs $@ $^

$(B)/makoto-proxy: $(DAEMON:src/%.c=$(B)/src/%.o) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/makotoctl: $(CTL:src/%.c=$(B)/src/%.o) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

build/makoto-proxy build/makotoctl: build/%: $(B)/%
	@ln -sf $(FLAVOR)/$* $@

# Unit tests: one Check program per source file, `make unit` runs them all.
$(B)/unit/%: $(B)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)

unit: $(UNITBIN) ## the unit tests
	@fail=0; for t in $(UNITBIN); do echo "== $$t"; $$t || fail=1; done; exit $$fail

# Fuzz targets: with the fuzz flavour libFuzzer drives them, otherwise a small main()
# (tests/fuzz/driver.c) runs each file of a corpus through them once.
ifeq ($(FLAVOR),fuzz)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	@$(CC) -fsanitize=fuzzer,address,undefined $(LDFLAGS) -o $@ $^ $(LIBS)
else
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/driver.o $(LIB)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
endif

clean: ## remove build/
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
