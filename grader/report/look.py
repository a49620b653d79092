"""What pictures and pages look like: style sheets that load nothing, for light and dark, screen and paper."""

PICTURE = """
.kt{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;
max-width:100%;height:auto}
.kt .sans{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:14px}
.kt .title{font-size:17px;font-weight:600}
.kt .who{font-weight:600;font-size:15px}
.kt .small{font-size:11.5px}
.kt .strong{font-weight:600}
.kt .mid{text-anchor:middle}.kt .end{text-anchor:end}
.kt text{fill:#1f2328}.kt .soft{fill:#57606a}
.kt .paper{fill:#fff;stroke:#d0d7de}
.kt .card{fill:#f6f8fa;stroke:#d0d7de}
.kt .rule{stroke:#d8dee4;stroke-dasharray:2 4}
.kt .number{fill:#fff;stroke:#8c959f}
.kt .lane0{stroke:#0969da}.kt .lane1{stroke:#8250df}.kt .lane2{stroke:#0f766e}
.kt .dot0{fill:#0969da}.kt .dot1{fill:#8250df}.kt .dot2{fill:#0f766e}
.kt .rail{stroke-width:2;fill:none}
.kt .wait{fill:#fff;stroke-width:2}
.kt .hatch{stroke-width:2}
.kt .pill{fill:#fff;stroke-width:1.5}
.kt .bad{fill:#ffebe9;stroke:#b3141f;stroke-width:2.5}
.kt .badge{fill:#b3141f;stroke:#b3141f}.kt .badge-text{fill:#fff}
.kt .wrong{fill:#a40e26}.kt .cross{stroke:#a40e26;stroke-width:2.5;fill:none}
.kt .fault{fill:#fff8c5;stroke:#7d4e00;stroke-width:1.5;stroke-dasharray:5 3}.kt .bolt{fill:#7d4e00}
@media (prefers-color-scheme:dark){
.kt text{fill:#e6edf3}.kt .soft{fill:#9da7b3}
.kt .paper{fill:#12171e;stroke:#343b44}
.kt .card{fill:#1c232c;stroke:#3a424c}
.kt .rule{stroke:#2d343d}
.kt .number{fill:#12171e;stroke:#7d8590}
.kt .lane0{stroke:#58a6ff}.kt .lane1{stroke:#bc8cff}.kt .lane2{stroke:#3fc1ad}
.kt .dot0{fill:#58a6ff}.kt .dot1{fill:#bc8cff}.kt .dot2{fill:#3fc1ad}
.kt .wait,.kt .pill{fill:#12171e}
.kt .bad{fill:#3c1618;stroke:#ff7b72}
.kt .badge{fill:#ff7b72;stroke:#ff7b72}.kt .badge-text{fill:#12171e}
.kt .wrong{fill:#ff9d94}.kt .cross{stroke:#ff9d94}
.kt .fault{fill:#2f2708;stroke:#e3b341}.kt .bolt{fill:#e3b341}
}
"""

PAGE = """
:root{color-scheme:light dark;--ink:#1f2328;--soft:#57606a;--paper:#f4f5f7;--sheet:#fff;--edge:#d0d7de;--link:#0550ae;
--good:#116329;--bad:#a40e26;--warn:#7d4e00;--good-tint:#dafbe1;--bad-tint:#ffebe9;--warn-tint:#fff3c4;--code:#f6f8fa;
--lamp:#e0a526}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--paper:#0b0f14;--sheet:#12171e;--edge:#343b44;
--link:#79b8ff;--good:#56d364;--bad:#ff9d94;--warn:#e3b341;--good-tint:#0f2a18;--bad-tint:#3c1618;--warn-tint:#2f2708;
--code:#1c232c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:auto}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.top,nav,main{max-width:1080px;margin:0 auto;padding:0 20px}
.top{padding-top:28px;padding-bottom:12px}
.house{margin:0;font-weight:600;color:var(--soft)}
.house::before{content:"";display:inline-block;width:10px;height:10px;margin-right:8px;border-radius:50%;
background:var(--lamp)}
h1,h2,h3,h4{line-height:1.25;overflow-wrap:anywhere}
h1{font-size:28px;margin:4px 0 8px}h2{font-size:22px;margin:0 0 4px}h3{font-size:19px;margin:0 0 8px}
h4{font-size:16px;margin:20px 0 6px}
a{color:var(--link);text-underline-offset:2px}
a:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
.soft{color:var(--soft);font-weight:400;font-size:14px}
section,nav{margin-bottom:32px}
nav{margin-bottom:24px}
section>p{margin:4px 0}
.score strong{font-size:22px}
table{width:100%;border-collapse:separate;margin:14px 0 20px;background:var(--sheet);border:1px solid var(--edge);
border-radius:10px;border-spacing:0;overflow:hidden}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:9px 14px;text-align:left;vertical-align:top;border-top:1px solid var(--edge);font-weight:400}
th[scope=row]{overflow-wrap:anywhere}
thead th{font-size:14px;color:var(--soft);border-top:0;font-weight:600}
.task th,.task td{font-weight:600;background:var(--code)}
.figure{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.outcome{display:inline-block;padding:1px 10px;border-radius:12px;border:1px solid;font-size:14px;font-weight:600;
white-space:nowrap;color:var(--warn);background:var(--warn-tint)}
.passed{color:var(--good);background:var(--good-tint)}
.failed,.error{color:var(--bad);background:var(--bad-tint)}
.anomaly{display:inline-block;padding:1px 10px;border-radius:12px;border:2px solid var(--bad);color:var(--bad);
font-size:14px;font-weight:600}
article{background:var(--sheet);border:1px solid var(--edge);border-radius:12px;padding:20px 24px;margin:0 0 20px}
.facts{margin:0 0 12px;display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center}
dl{margin:0 0 16px}
dl div{display:grid;grid-template-columns:100px 1fr;gap:2px 14px;margin:4px 0}
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
figure{margin:18px 0}
figure svg{display:block;width:100%}
.narrow{display:none}.narrow svg{max-width:560px}
figcaption{margin-top:12px}figcaption p{margin:4px 0}
pre{margin:6px 0;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere;
background:var(--code);border:1px solid var(--edge);border-radius:8px}
code{font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
.place{margin:10px 0 0;color:var(--soft);font-size:14px;overflow-wrap:anywhere}
.again{margin:16px 0 0;padding-top:12px;border-top:1px solid var(--edge)}
.again span{font-weight:600}.again code{overflow-wrap:anywhere}.again b{font:inherit;white-space:nowrap}
@media (max-width:860px){
.top,nav,main{padding-left:12px;padding-right:12px}
h1{font-size:23px}h2{font-size:20px}h3{font-size:18px}
th,td{padding:8px 10px}
article{padding:16px 12px}
dl div{grid-template-columns:1fr}
.wide{display:none}.narrow{display:block}
.again code{display:block;margin-top:4px}
}
@media (max-width:520px){
td .word{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
td .outcome{padding:1px 9px}th,td{padding:8px 6px}
}
@media print{
body{background:#fff}
.top,nav,main{max-width:none}
article{border:0;border-top:1px solid var(--edge);border-radius:0;padding:16px 0}
article h3,.facts{break-after:avoid}figure,pre,tr{break-inside:avoid}
.wide{display:block}.narrow{display:none}
}
"""
