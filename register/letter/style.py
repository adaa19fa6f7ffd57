"""The style of a letter, and the policy with which browsers show nothing else."""

import base64
import hashlib

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 42rem; padding: 2rem 1.25rem; background: #fff; color: #1a1a1a;
 font: 1rem/1.5 Charter, "Bitstream Charter", Cambria, Georgia, serif; overflow-wrap: break-word; }
p { margin: 0 0 .75rem; }
header { margin-bottom: 2rem; }
header p { margin: 0; }
header .lender { font-weight: bold; font-size: 1.15rem; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
h2 { margin: 1.5rem 0 .4rem; font-size: 1.1rem; line-height: 1.3; break-after: avoid; }
dl { margin: 0 0 1.75rem; }
dl div { display: flex; flex-wrap: wrap; column-gap: .5rem; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
ol, ul { margin: 0 0 .75rem; padding-left: 1.5rem; }
ol li { margin-bottom: .75rem; break-inside: avoid; }
li p { margin: 0; }
address { margin: 0 0 .75rem 1.5rem; font-style: normal; }
.closing { margin-top: 1.75rem; break-inside: avoid; }
.closing p { margin-bottom: 1.5rem; }
footer { break-before: avoid; margin-top: 2rem; padding-top: .5rem; border-top: 1px solid #767676;
 color: #4a4a4a; font-size: .85rem; }
footer p { margin: 0; }
@page { margin: 1.8cm 2.2cm; }
@media print {
 :root { font-size: 10pt; }
 body { max-width: none; padding: 0; line-height: 1.38; orphans: 2; widows: 2; }
 header { margin-bottom: 1.5rem; }
 h2 { margin-top: 1.1rem; }
 .closing, footer { margin-top: 1rem; }
 .closing p { margin-bottom: 1rem; }
}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
