import { API_BASE } from '../contract.ts';

/** What stands at / while there is no panel. Links beside the API are relative: the page may be served below a prefix. */
export function plainPage(version: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>natsjob</title></head>
<body>
<h1>natsjob ${escape(version)}</h1>
<p>The scheduler is up. Its API is at <a href="${API_BASE}/openapi.json">${API_BASE}</a>, described by the document there.</p>
<p><a href="readyz">Ready?</a> <a href="metrics">Metrics</a></p>
<p>This build has no panel.</p>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
