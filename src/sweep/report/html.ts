/** Pieces of a page that needs nothing but itself. */

/** Text that is part of a page, and not markup. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A table whose cells are texts; columns of numbers stand to the right. */
export function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = header.map((_, k) => rows.every((row) => row[k] === "" || Number.isFinite(Number(row[k]))));
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell, k) => `<${tag}${isNumber[k] ? ' class="number"' : ""}>${escape(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => line("td", row)).join("\n");
  return `<div class="wide"><table><thead>${line("th", header)}</thead><tbody>\n${body}\n</tbody></table></div>`;
}

export function definitions(entries: readonly (readonly [string, string])[]): string {
  return `<dl>${entries.map(([name, text]) => `<dt>${escape(name)}</dt><dd>${escape(text)}</dd>`).join("\n")}</dl>`;
}

export const section = (title: string, ...parts: readonly string[]): string =>
  `<section><h2>${escape(title)}</h2>\n${parts.join("\n")}\n</section>`;

/** Nothing is loaded from anywhere: the policy forbids it, and the icon is an empty one. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #111; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; border-bottom: 1px solid #ddd; padding-bottom: .25rem; }
p.lead { margin: 0 0 1rem; color: #444; }
p.warning { background: #fff4e0; border-left: 4px solid #d55e00; padding: .5rem .75rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1.25rem; }
figure { margin: 0; }
figure svg { width: 100%; height: auto; }
figcaption { font-size: .85rem; color: #444; }
.wide { overflow-x: auto; max-height: 32rem; overflow-y: auto; border: 1px solid #eee; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: left; white-space: nowrap; }
th { position: sticky; top: 0; background: #f6f6f6; }
td.number, th.number { text-align: right; }
tbody tr:nth-child(even) { background: #fafafa; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: #f6f6f6; padding: .75rem; overflow-x: auto; font-size: .82rem; }
@media print { .wide { max-height: none; overflow: visible; } }
`;
