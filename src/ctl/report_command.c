/* report: what verify does, as a page. */
#include "ctl/verify.h"

static const char help[] =
	"usage: makotoctl report (-b BOOTSTRAP | -c FILE) [-t TOPIC…] (--public-key FILE… | --policy FILE) [option…]\n"
	"\n"
	"Verifies as verify does, and writes one page of HTML about it: the outcome, what it was made of, timelines, whose\n"
	"keys, what is gone and why, and the evidence of each violation.  It has no script and loads nothing.\n"
	"\n"
	"      --out FILE               where the page goes; default: standard output\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            what to verify: a name, or a glob ('*', '?'); may be given again.  Without it, every\n"
	"                               topic that a trusted statement is about\n"
	"  -p, --partition N            this partition alone\n"
	"      --jobs N                 so many partitions at a time; default: one for each processor, 8 at most\n"
	"      --from OFFSET|TIME       from there on (included)\n"
	"      --to OFFSET|TIME         up to there (not included)\n"
	"      --public-key FILE…       PEM; the keys whose statements count\n"
	"      --policy FILE            a trust policy instead: which keys may attest which topics\n"
	"      --accept-unsigned        statements of Makoto level 1, which have no signature, count too\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"      --isolation LEVEL        read_committed, or read_uncommitted (the default)\n"
	"      --memory FILE            remember what was seen, and find what is gone or was replaced since the last run\n"
	"  -X NAME=VALUE                a librdkafka property, e.g. -X security.protocol=ssl\n"
	"\n"
	"Times and exit codes are verify's.  A run that breaks off after something was judged writes a page that says so.\n";

static int
run(const struct command *c, int argc, char **argv)
{
	return verify_main(c, argc, argv, true);
}

const struct command report_command = {"report", "verify, and write a page about it for an auditor", help, run};
