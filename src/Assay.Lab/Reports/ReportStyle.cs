namespace Assay.Lab;

/// <summary>The style sheet of reports. Colours are variables, so that figures follow light, dark and print.</summary>
internal static class ReportStyle
{
    public const string Css = """

        :root{--paper:#fff;--ink:#1b1f24;--soft:#5b636d;--line:#d9dde2;--grid:#e9ecef;--panel:#f6f7f9;--link:#0b5cad;
        --good:#13793b;--warn:#8a5a00;--bad:#b3261e;--heat:#0b5cad;
        --c1:#0072b2;--c2:#c65100;--c3:#00805a;--c4:#9a4f7f;--c5:#8a6d00;--c6:#2f86b8}
        @media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e8eaed;--soft:#a2abb5;--line:#353b43;--grid:#262b31;--panel:#1c2026;--link:#7ab8f5;
        --good:#5fd38d;--warn:#f0b64f;--bad:#ff8a80;--heat:#2f7fd0;
        --c1:#5ab4f0;--c2:#ff9d57;--c3:#41cfa0;--c4:#e59ac9;--c5:#e3c34a;--c6:#9bd3f5}}
        @media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#e5e5e5;--panel:#fff;--link:#000;--good:#13793b;--warn:#8a5a00;--bad:#b3261e;--heat:#0b5cad;
        --c1:#0072b2;--c2:#c65100;--c3:#00805a;--c4:#9a4f7f;--c5:#8a6d00;--c6:#2f86b8}nav,.skip{display:none}section{break-inside:avoid}body{font-size:10pt;max-width:none}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:62rem;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        h1{font-size:1.75rem;line-height:1.25;margin:0 0 .25rem}
        h2{font-size:1.2rem;margin:2.5rem 0 .5rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
        a{color:var(--link)}
        .skip{position:absolute;left:-100vw}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem}
        .subtitle,.explanation,footer,caption,figcaption{color:var(--soft)}
        .subtitle{margin:0}.explanation{margin:.25rem 0 .75rem;max-width:46rem}
        .verdict{margin:1.25rem 0 0;padding:.9rem 1.1rem;border-left:4px solid var(--soft);background:var(--panel);font-size:1.1rem;border-radius:0 6px 6px 0}
        .verdict.good{border-color:var(--good)}.verdict.warning{border-color:var(--warn)}.verdict.bad{border-color:var(--bad)}
        nav ul{list-style:none;margin:1.25rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.25rem 0 .75rem}
        caption{text-align:left;font-size:.9rem;padding-bottom:.25rem}
        th,td{padding:.32rem .8rem .32rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        thead th{font-weight:600;color:var(--soft);font-size:.9rem}
        tbody th{font-weight:400}
        .n{text-align:right;white-space:nowrap}
        .interval{color:var(--soft)}
        .good-text{color:var(--good)}.warning-text{color:var(--warn)}.bad-text{color:var(--bad)}
        .mark{font-weight:600;white-space:nowrap}
        .bar{display:inline-block;height:.7em;background:var(--c1);border-radius:2px;vertical-align:baseline}
        .bar.low{background:var(--bad)}
        figure{margin:.5rem 0 1rem}figcaption{font-size:.9rem}
        figure svg{display:block;width:100%;height:auto;color:var(--ink)}
        figcaption ul{list-style:none;margin:.25rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1.5rem}
        figure svg.swatch{display:inline-block;width:26px;height:8px;margin-right:.45rem;vertical-align:middle}
        .matrix td,.matrix thead th,.matrix tbody th{border:1px solid var(--paper);padding:.3rem .5rem;text-align:center;min-width:2.4rem}
        .matrix tbody th{text-align:right;white-space:nowrap}.matrix td{background:color-mix(in srgb,var(--heat) calc(var(--p)*1%),var(--panel))}
        .matrix td.strong{color:#fff}.matrix td.zero{color:var(--soft)}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin:.5rem 0}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        pre{background:var(--panel);padding:.8rem 1rem;border-radius:6px;overflow-x:auto;font:.88rem/1.5 ui-monospace,"Cascadia Mono",Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap}
        .sheet{display:flex;flex-wrap:wrap;gap:.75rem 1rem;margin:.5rem 0 1rem}.sheet figure{margin:0}
        .sheet .small{width:12rem}.sheet .example{width:6.5rem}.sheet .wide{flex:1 1 100%}.sheet figcaption{font-size:.8rem;overflow-wrap:anywhere}
        .example img{display:block;width:6rem;height:auto;image-rendering:pixelated;border:1px solid var(--line)}
        blockquote{margin:.25rem 0;padding:.5rem .8rem;border-left:3px solid var(--line);background:var(--panel);white-space:pre-wrap;overflow-wrap:anywhere}
        details summary{cursor:pointer;color:var(--link)}
        footer{margin-top:3rem;font-size:.85rem}

        """;
}
