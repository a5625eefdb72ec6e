/*
 * html_style: the CSS that our pages share: light and dark, colours with a contrast of 4.5 at least, a header that says how
 * it stands, lists, code.  One literal, so that a page's own can follow in the same element, under one hash.
 */
#ifndef BASE_HTML_STYLE_H
#define BASE_HTML_STYLE_H

#define HTML_STYLE                                                                                 \
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2126;--dim:#545d66;--line:#d0d5da;--soft:#f3f5f7;--link:#0b57a4;" \
	"--good:#12633a;--good-bg:#dcf2e4;--open:#7a4a00;--open-bg:#ffeccc;--bad:#a3161f;--bad-bg:#fde0e0;--gone:#3b4d8f;--gone-bg:#e4e8fa}\n" \
	"@media(prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e6eaee;--dim:#a4aeb8;--line:#39424a;--soft:#1e242a;--link:#85bdf5;" \
	"--good:#85dba6;--good-bg:#143a26;--open:#f5c26b;--open-bg:#43300a;--bad:#ffa3a3;--bad-bg:#561a1e;--gone:#b3c0ff;--gone-bg:#252f5c}}\n" \
	"*{box-sizing:border-box}\n" \
	"body{margin:0 auto;padding:1.25rem clamp(.75rem,3vw,2rem) 3rem;max-width:72rem;background:var(--bg);color:var(--fg);" \
	"font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",sans-serif;overflow-wrap:anywhere}\n" \
	"h1{font-size:1.7rem;line-height:1.2;margin:0 0 .4rem}h2{font-size:1.3rem;line-height:1.3;margin:2.2rem 0 .6rem;padding-top:1rem;border-top:1px solid var(--line)}\n" \
	"h3{font-size:1.08rem;margin:1.6rem 0 .5rem}h4{font-size:1rem;margin:0 0 .25rem}p{margin:.4rem 0}\n" \
	"a{color:var(--link)}a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}\n" \
	".skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:var(--bg);padding:.4rem}\n" \
	"header{border-radius:.5rem;padding:1rem 1.15rem;border-left:.5rem solid}header p{margin:0}\n" \
	"header .who{color:inherit;font-size:.9rem;margin-bottom:.35rem}\n" \
	".good{color:var(--good)}.open{color:var(--open)}.bad{color:var(--bad)}\n" \
	"header.good{background:var(--good-bg)}header.open{background:var(--open-bg)}header.bad{background:var(--bad-bg)}\n" \
	"dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.2rem 1rem;margin:.4rem 0}dt{color:var(--dim)}dd{margin:0;min-width:0}\n" \
	"code{font:.88em/1.45 ui-monospace,\"Liberation Mono\",\"DejaVu Sans Mono\",Consolas,monospace}\n" \
	"details{margin:.3rem 0}summary{cursor:pointer;color:var(--link);padding:.15rem 0}\n" \
	"footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--dim);font-size:.9rem}\n"

#endif
