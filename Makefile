# makoto-kafka.  `make help` lists the targets.
#
# One file, no recursion.  Each flavour (release, asan, tsan, coverage, fuzz) builds
# side by side in build/<flavour>/; the programs of the release flavour are linked
# to build/.  A change of flags rebuilds (build/<flavour>/.flags), a change of a
# header rebuilds its users (-MMD -MP).

FLAVOR   ?= release
CC       ?= gcc
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
DOCDIR   ?= $(PREFIX)/share/doc/makoto-kafka
UNITDIR  ?= $(PREFIX)/lib/systemd/system
DESTDIR  ?=
VERSION  := 0.1.0

B := build/$(FLAVOR)

# What the test targets build, they build on all cores.
JOBS := $(shell nproc 2>/dev/null || echo 1)
PARALLEL = $(MAKE) --no-print-directory -j$(JOBS)

PKGS     := rdkafka libevent libevent_pthreads libssl libcrypto libcurl yaml-0.1 jansson libdeflate liblz4 libzstd zlib
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

CPPFLAGS := -Isrc -I. -D_GNU_SOURCE -DMAKOTO_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   := -std=gnu11 $(WARN) $(OPT_$(FLAVOR)) $(EXTRA_CFLAGS)
LDFLAGS  := -pthread $(LD_$(FLAVOR)) $(EXTRA_LDFLAGS)
LIBS      = $(shell pkg-config --libs $(PKGS)) -lsnappy -ldl -lm

# Every room's files but the two main programs make one archive, from which each
# program and each test takes what it needs.
ROOMS    := base digest cloud net kafka makoto keys rdkafka sasl config attest trust verify proxy stages admin reach survey
SRC      := $(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c)))
DAEMON   := $(sort $(wildcard src/daemon/*.c))
CTL      := $(sort $(wildcard src/ctl/*.c))
OBJ      := $(SRC:src/%.c=$(B)/src/%.o)
LIB      := $(B)/libmakoto.a
UNIT     := $(sort $(wildcard tests/unit/test_*.c))
UNITBIN  := $(UNIT:tests/unit/%.c=$(B)/unit/%)
FUZZ     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZBIN  := $(FUZZ:tests/fuzz/%.c=$(B)/fuzz/%)

# A program or library that is missing is installed, or named with the line to type.
deps-%: ; @tools/deps.sh $*

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all lib help clean unit unit-all fuzz-check fuzz lint syntax check check-long demo demo-check bench bench-attest e2e \
        e2e-asan e2e-long check-clients check-life check-versions check-suites check-deploy check-checker check-chaos chaos soak install dist deb coverage

all: build/makoto-proxy build/makotoctl ## build build/makoto-proxy and build/makotoctl

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

lib: $(LIB)

$(B)/.flags: FORCE
	@pkg-config --exists $(PKGS) 2>/dev/null || tools/deps.sh build
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

# The configuration that is there stays.
install: all ## install into DESTDIR, below PREFIX and SYSCONFDIR
	install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(UNITDIR) $(PREFIX)/lib/sysusers.d $(PREFIX)/share/man/man1 $(PREFIX)/share/man/man5 \
		$(PREFIX)/share/man/man8 $(PREFIX)/share/bash-completion/completions $(PREFIX)/share/zsh/site-functions \
		$(DOCDIR)/examples $(SYSCONFDIR)/makoto-proxy)
	install -m 755 build/release/makoto-proxy build/release/makotoctl $(DESTDIR)$(PREFIX)/bin/
	for s in 1 5 8; do install -m 644 man/*.$$s $(DESTDIR)$(PREFIX)/share/man/man$$s/ || exit 1; done
	for f in systemd/*.service; do \
		sed 's,/usr/bin/,$(PREFIX)/bin/,; s,/etc/,$(SYSCONFDIR)/,' $$f >$(DESTDIR)$(UNITDIR)/$${f##*/} && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${f##*/} || exit 1; \
	done
	install -m 644 systemd/makoto-proxy.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/makoto-proxy.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/makoto-proxy/makoto-proxy.yaml ] || \
		install -m 644 systemd/makoto-proxy.yaml $(DESTDIR)$(SYSCONFDIR)/makoto-proxy/
	install -m 644 completion/makotoctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/makotoctl
	install -m 644 completion/makotoctl.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_makotoctl
	install -m 644 README.md DESIGN.md LICENSE docs/*.md docs/verify_proof.py $(DESTDIR)$(DOCDIR)/
	install -m 644 conf/*.yaml conf/examples/*.yaml conf/prometheus/alerts.yaml $(DESTDIR)$(DOCDIR)/examples/
	install -m 644 conf/grafana/makoto-proxy.json $(DESTDIR)$(DOCDIR)/examples/grafana-dashboard.json

# --- packages ------------------------------------------------------------------

# Of what is committed, and nothing of when, where or by whom: the same commit makes the same file.
NAME := makoto-kafka-$(VERSION)
dist: ## build/makoto-kafka-VERSION.tar.gz, the sources that are committed
	@git rev-parse -q --verify HEAD >/dev/null || { echo "make dist: takes a git checkout" >&2; exit 1; }
	@mkdir -p build
	@git -c tar.umask=022 archive --format=tar --prefix=$(NAME)/ HEAD | gzip -9n >build/$(NAME).tar.gz
	@echo build/$(NAME).tar.gz

# Below DEB, from that file alone.  dpkg's make is not this one's child: flags and VERSION are its own.
DEB := build/deb
deb: deps-build deps-unit deps-deb dist ## Debian packages of what is committed, in build/deb, looked at by lintian
	@rm -rf $(DEB) && mkdir -p $(DEB) && tar -xzf build/$(NAME).tar.gz -C $(DEB)
	@cd $(DEB)/$(NAME) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -Jauto
	@lintian --allow-root --pedantic --display-info --fail-on error,warning,info,pedantic $(DEB)/*.changes
	@ls $(DEB)/*.deb

# --- tests ---------------------------------------------------------------------

# librdkafka's threads, as TSan knows them; librdkafka is to find these, not glibc's.
THREADS_tsan := build/tsan/tests/unit/c11_threads.o
LD_tsan += -rdynamic

# The tests' own code isn't optimised: that halves the time to compile it, and costs nothing when it runs.
$(B)/tests/unit/%.o: private CFLAGS += -O0 -U_FORTIFY_SOURCE

# Hundreds of them are linked: of binutils' two linkers gold takes a quarter of the other's time, and what a test doesn't
# use needn't be loaded when it starts.
QUICK := $(if $(shell command -v ld.gold),-fuse-ld=gold) -Wl,--as-needed

# One Check program per source file.
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/tests/unit/marks.o $(THREADS_$(FLAVOR)) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) $(QUICK) -Wl,--wrap=_mark_point -o $@ $(filter %.o,$^) $(LIB) $(shell pkg-config --libs check) $(LIBS)

# What makotoctl's page is made of: tests of it are linked with these.
PAGE := $(patsubst %,$(B)/src/ctl/%.o,page page_body page_evidence page_line page_style page_table page_write timeline)
$(B)/unit/test_timeline: $(B)/src/ctl/timeline.o
$(B)/unit/test_verify_run: $(PAGE)
$(patsubst %,$(B)/unit/test_%,page memory_page): $(PAGE) $(patsubst %,$(B)/src/ctl/%.o,command report safe table)

# Memory that fails: what our objects ask for goes through tests/unit/failing.h.
WRAPPED := malloc calloc realloc reallocarray strdup strndup free ZSTD_createCCtx ZSTD_createDCtx \
           libdeflate_alloc_compressor libdeflate_alloc_decompressor LZ4F_createCompressionContext \
           LZ4F_createDecompressionContext
$(patsubst tests/unit/%.c,$(B)/unit/%,tests/unit/test_covered.c tests/unit/test_json_memory.c $(wildcard tests/unit/test_memory*.c)): private LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)
# A second thread comes in at a chosen place of the first.
RACED := txns_each txns_end pthread_rwlock_rdlock pthread_rwlock_wrlock
$(B)/unit/test_chains_journal: private LDFLAGS += $(RACED:%=-Wl,--wrap=%)
READ := published_read published_clear
$(B)/unit/test_ledger_take: private LDFLAGS += $(READ:%=-Wl,--wrap=%)
# How often the disk is waited for.
$(B)/unit/test_attest_produce: private LDFLAGS += -Wl,--wrap=fdatasync
# What a topic takes, which the mock cluster doesn't tell.
$(patsubst %,$(B)/unit/test_%,publisher sealer): private LDFLAGS += -Wl,--wrap=handle_topic_config
# A write that takes nothing.
$(B)/unit/test_file: private LDFLAGS += -Wl,--wrap=write
# What changes files, so that a start can be killed in it.
CHANGES := write pwrite renameat unlinkat fsync fdatasync
$(B)/unit/test_state: private LDFLAGS += $(CHANGES:%=-Wl,--wrap=%)

unit: $(UNITBIN) ## the unit tests of one FLAVOR
	@tools/run-tests.sh unit-$(FLAVOR) $(UNITBIN)

unit-all: ## the unit tests, released, under ASan and UBSan, and the threaded ones under TSan
	@$(PARALLEL) FLAVOR=release unit
	@$(PARALLEL) FLAVOR=asan unit
	@$(PARALLEL) FLAVOR=tsan UNIT="$(TSAN_UNIT)" unit

# The tests with threads in them, but those that count what is allocated: TSan's own threads do so, too.
TSAN_UNIT := $(filter-out %/test_memory_sealer.c %/test_memory_examination.c,$(sort $(shell grep -lE \
             'pthread_create|signing_start|verify_start|loop_run|reactor|resolver_new|sasl_lab|mocked\.h|ledgers\.h|consumer_open|publisher_new' $(UNIT) 2>/dev/null)))

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

fuzz-bin: $(FUZZBIN)

fuzz-check: ## every corpus through its fuzz target once, under ASan and UBSan
	@$(PARALLEL) FLAVOR=asan fuzz-bin
	@tools/run-corpora.sh build/asan/fuzz

SECONDS_EACH ?= 600
fuzz: deps-build deps-fuzz ## libFuzzer on every target for SECONDS_EACH=600 seconds
	@$(PARALLEL) FLAVOR=fuzz fuzz-bin
	@tools/run-fuzz.sh $(SECONDS_EACH) build/fuzz/fuzz

syntax: # CC=clang: what gcc lets pass; nothing is made of it
	@printf '%s\n' $(SRC) $(DAEMON) $(CTL) | xargs -P "$$(nproc)" -n 16 $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only

lint: deps-build deps-lint all ## include rules, headers alone, shell, static analysis, tables against documents
	@tools/lint.sh

e2e: all ## real Kafka (3 brokers) and real clients
	@tests/e2e/run --flavor release

e2e-asan: ## the same with the programs under ASan and UBSan
	@$(PARALLEL) FLAVOR=asan build/asan/makoto-proxy build/asan/makotoctl
	@tests/e2e/run --flavor asan

# Brokers of its own, for what runs beside other end-to-end tests.
BESIDE := E2E_CLUSTER=beside E2E_PORT_BASE=18000 E2E_PROXY_PORTS=20000 nice -n 5

e2e-long: all ## the long runs: a million records, stop and restart under load, each system call that fails
	@tools/side-by-side.sh 'tests/e2e/run --flavor release --long test_long test_audit_group' \
		'$(BESIDE) tests/e2e/run --flavor release --long test_system_calls'

check-clients: deps-build deps-e2e deps-clients all ## the client matrix: clients in six languages and Kafka's own tools, directly and proxied
	@tests/e2e/run --flavor release --clients

check-life: deps-build deps-e2e all ## brokers and topics that come, move, hang and go while clients work
	@tests/e2e/run --flavor release --life

check-versions: deps-build deps-e2e all ## every release of Kafka from 2.1 on, old and new clients, brokers that hide APIs; is the schema table the newest?
	@tests/e2e/run --flavor release --versions

check-suites: deps-build deps-e2e deps-suites all ## clients' own integration tests, directly and proxied: the same passes and skips
	@tests/e2e/run --flavor release --suites

check-deploy: deps-build deps-e2e deps-deploy all ## the container image, the systemd units, the Debian packages and the pods of k8s/, run for real; as root
	@tests/deploy/run

SECONDS ?= 600
SEED ?= 1
chaos: deps-build deps-e2e all ## clients of several kinds and faults drawn from SEED on for SECONDS, then the checker
	@tests/chaos/run $(SECONDS) $(SEED)

CHAOS_SEEDS ?= 8
check-chaos: deps-build deps-e2e all ## a few fixed seeds of it
	@tests/chaos/run 0 1 --seeds $(CHAOS_SEEDS)

soak: deps-build deps-e2e all ## one proxy under a mixed load for SECONDS (300 at least): nothing grows, every sum comes out, the checker over it all
	@tests/soak/run $(SECONDS) $(SEED)

check-checker: deps-e2e ## what the chaos and soak runs decide, with each fault planted in their data
	@tests/e2e/lab/prepare
	@build/e2e/venv/bin/python -B -m pytest -q -p no:cacheprovider tests/chaos/test_checker.py tests/chaos/test_faultrelay.py tests/soak/test_soak.py

check: deps-build deps-unit deps-e2e deps-demo ## every test: unit, fuzz corpora, embedded broker, real Kafka, lint
	@$(PARALLEL) all build/demo-broker
	@tools/side-by-side.sh 'for t in e2e check-chaos demo-check; do $(MAKE) --no-print-directory $$t || exit 1; done' \
		'for t in unit-all fuzz-check check-checker lint; do nice -n 10 $(MAKE) --no-print-directory $$t || exit 1; done'

# check-life mostly waits for its brokers: beside it run the other releases, and the matrix's clients are fetched and compiled.
check-long: deps-clients check ## check, then real Kafka under ASan, the long runs, check-life, every release of Kafka, the client matrix
	@$(MAKE) --no-print-directory e2e-asan
	@$(MAKE) --no-print-directory e2e-long
	@tools/side-by-side.sh '$(MAKE) --no-print-directory check-life' \
		'$(BESIDE) $(MAKE) --no-print-directory check-versions && nice -n 10 tests/e2e/matrix/prepare'
	@$(MAKE) --no-print-directory check-clients

# --- seeing it, measuring it ---------------------------------------------------

build/demo-broker: $(B)/demo/broker.o $(LIB)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

demo: deps-build deps-demo ## the main job on this machine in under three minutes
	@$(MAKE) --no-print-directory all build/demo-broker
	@demo/run

# What the demo promises, held to it: an embedded broker behind the proxy, from records to a violation found.
demo-check: all build/demo-broker
	@demo/run >build/demo.log 2>&1 && grep -q '^OK: all 10 records verified' build/demo.log && \
		grep -q '^VIOLATION: 1 altered' build/demo.log && echo "demo: 1 passed, 0 failed" || \
		{ tail -40 build/demo.log; echo "demo: 0 passed, 1 failed"; exit 1; }

build/latency: $(B)/bench/latency.o
	@$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs rdkafka)
build/relay: $(B)/bench/relay.o
	@$(CC) $(LDFLAGS) -o $@ $^

bench-attest: $(B)/bench/attest_path ## the attest path beside its floor
	@$(B)/bench/attest_path
$(B)/bench/%: $(B)/bench/%.o $(LIB)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

bench: deps-build deps-e2e all bench-attest ## the benchmarks: direct and proxied in turn, as ratios
	@bench/run

clean: ## remove build/
	rm -rf build

-include $(shell find build \( -path build/deploy -o -path build/deb \) -prune -o -name '*.d' -print 2>/dev/null)
