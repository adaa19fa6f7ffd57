"""The style of the page, on the screen and printed."""

STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --soft: #52595f; --rule: #d5d9de; --blue: #1f5a91; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2.5rem 1.5rem 4rem; background: #fff;
 color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial,
 "Liberation Sans", sans-serif; overflow-wrap: break-word; }
p, ul, dl { margin: 0 0 .75rem; max-width: 46rem; }
ul { padding-left: 1.25rem; }
li { margin-bottom: .35rem; }
a { color: var(--blue); }
header { border-top: 4px solid var(--blue); padding-top: 1rem; margin-bottom: 1.5rem; }
header p { margin: 0; color: var(--soft); }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 3rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--rule);
 font-size: 1.35rem; line-height: 1.3; break-after: avoid; }
h3 { margin: 1.75rem 0 .25rem; font-size: 1.05rem; break-after: avoid; }
.question { color: var(--soft); font-size: 1.05rem; break-after: avoid; }
.summary { background: #f3f6f9; border-left: 4px solid var(--blue); padding: 1rem 1.5rem .5rem;
 margin: 0 0 1.5rem; }
.summary p, .summary ul { max-width: none; }
.summary h2, nav h2 { margin: 0 0 .5rem; padding: 0; border: 0; }
.summary h3 { margin-top: 1rem; }
.estimate, .caution { border-left: 4px solid #8a5a00; background: #fdf6e7; padding: .5rem 1rem; }
nav h2 { font-size: 1.05rem; }
nav ol { margin: 0; padding-left: 1.5rem; columns: 16rem 3; column-gap: 2rem; }
nav li { break-inside: avoid; }
figure { margin: 1.25rem 0 .5rem; max-width: 54rem; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin: 1rem 0 1.5rem; }
.scroll:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.35; }
caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--rule);
 vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 4rem; }
td { overflow-wrap: anywhere; min-width: 7.6em; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number, th.short { min-width: 0; white-space: nowrap; }
dl div { margin-bottom: .6rem; break-inside: avoid; }
dt { font-weight: 600; }
dd { margin: 0; }
.source { color: var(--soft); }
code { overflow-wrap: anywhere; }
@page { size: A4; margin: 1.6cm 1.5cm 1.8cm; }
@media print {
 :root { font-size: 9.5pt; }
 body { max-width: none; padding: 0; line-height: 1.4; }
 p, ul, dl, figcaption { max-width: none; orphans: 3; widows: 3; }
 nav { display: none; }
 h2 { margin-top: 1.75rem; }
 .summary, .estimate, .caution { break-inside: avoid; }
 h3 + p, .estimate, .caution { break-after: avoid; }
 figure { max-width: 15cm; margin: .75rem 0 .25rem; break-after: avoid; }
 .scroll { overflow: visible; margin: .75rem 0 1rem; }
 table { break-inside: avoid; font-size: 7.8pt; line-height: 1.25; }
 table.long { break-inside: auto; }
 th, td { padding: .14rem .55rem .14rem 0; }
 thead { display: table-header-group; }
 tr { break-inside: avoid; }
 a { color: inherit; text-decoration: none; }
}
"""
