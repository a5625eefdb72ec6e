/* The page's own CSS, narrow and wide, and on paper.  No colour says anything alone. */
#include "base/html_style.h"
#include "ctl/page_internal.h"

const char page_style[] = HTML_STYLE
	".lead{font-weight:600}.axis,caption{color:var(--dim);font-size:.9rem}.notes{padding-left:1.2rem;margin:.4rem 0}\n"
	".scroll{overflow-x:auto;margin:.8rem 0}table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
	"caption{text-align:left;padding:.2rem 0}th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid var(--line)}\n"
	"td{max-width:30rem;overflow-wrap:anywhere;min-width:7rem}time{white-space:nowrap}thead th{background:var(--soft);white-space:nowrap}tbody th{font-weight:600;max-width:26rem;min-width:6rem;overflow-wrap:anywhere}.hash{min-width:17rem}.num{text-align:right;min-width:0}.sum>*{font-weight:600}\n"
	".evidence{padding:0;margin:.5rem 0;list-style:none;display:grid;gap:.75rem}\n"
	".evidence li{border:1px solid var(--line);border-left:.4rem solid var(--bad);border-radius:.4rem;padding:.7rem .9rem;min-width:0}\n"
	".what{color:var(--bad);text-transform:uppercase;font-size:.85em;letter-spacing:.03em;margin-right:.3em}\n"
	".part{margin:1rem 0}.line{display:flex;flex-wrap:wrap;gap:2px;margin:.3rem 0}\n"
	"i{display:inline-block;width:1.15rem;height:1.5rem;font:600 .75rem/1.4rem ui-monospace,\"Liberation Mono\",monospace;text-align:center;border:1px solid;border-radius:3px}\n"
	".n{color:var(--dim);background:var(--bg);border-style:dotted}.v{color:var(--good);background:var(--good-bg)}.u{color:var(--good);background:var(--bg);border-style:dashed}\n"
	".g{color:var(--gone);background:var(--gone-bg);border-style:dashed}.q{color:var(--open);background:var(--open-bg);border-width:2px;line-height:1.3rem}\n"
	".x{color:var(--bg);background:var(--bad);border-color:var(--bad);font-weight:800}\n"
	".legend{padding:0;margin:.5rem 0;list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.1rem}.legend i{margin-right:.35rem}\n"
	"@media(max-width:34rem){h1{font-size:1.4rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.45rem}th,td{padding:.3rem .5rem}}\n"
	"@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--soft:#eee;--link:#000;"
	"--good:#12633a;--good-bg:#dcf2e4;--open:#7a4a00;--open-bg:#ffeccc;--bad:#a3161f;--bad-bg:#fde0e0;--gone:#3b4d8f;--gone-bg:#e4e8fa}"
	"html{font-size:9.5pt}body{max-width:none;padding:0}.scroll{overflow:visible}table{font-size:.85rem}"
	"th,td,tbody th,.hash{min-width:0;padding:.2rem .35rem}thead th,time{white-space:normal}.evidence li,tr,.part{break-inside:avoid}"
	"header,i,thead th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";
