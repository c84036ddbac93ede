// The OpenAPI document as a page: one file without scripts, readable in any browser and in none.

import type { OpenApiDocument, OpenApiOperation } from '@freehold/contracts-base'

/** Returns the page. */
export function renderDocsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const title = escapeHtml(`${document.info.title} ${document.info.version}`)
  const contents = operations.map(
    ({ path, method, operation }) =>
      `<tr><td><code>${method}</code><td><a href="#${escapeHtml(operation.operationId)}"><code>${escapeHtml(path)}</code></a><td>${escapeHtml(operation.summary)}`,
  )
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary>${renderJson(schema)}</details>`,
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style>
<h1>${title}</h1>
<p>Made from <a href="/openapi.json">/openapi.json</a>.</p>
<table>${contents.join('\n')}</table>
${operations.map(renderOperation).join('\n')}
<h2>Schemas</h2>
${schemas.join('\n')}
</html>
`
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
code, pre { font-family: ui-monospace, monospace; font-size: 0.875rem }
pre { background: #f4f4f4; padding: 0.75rem; overflow-x: auto }
table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0 }
h2 { margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616 } pre { background: #242424 } a { color: #8ab4f8 } }
`

function renderOperation(each: { path: string; method: string; operation: OpenApiOperation }): string {
  const { path, method, operation } = each
  const parameters = (operation.parameters ?? []).map(
    (parameter) =>
      `<tr><td><code>${escapeHtml(parameter.name)}</code><td>${parameter.in}${parameter.required ? ', required' : ''}<td>${escapeHtml(parameter.description ?? '')}<td><code>${escapeHtml(JSON.stringify(parameter.schema))}</code>`,
  )
  const body = Object.values(operation.requestBody?.content ?? {}).map(
    ({ schema }) => `<h3>Body</h3>${renderJson(schema)}`,
  )
  const responses = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const shown = status.startsWith('2') ? Object.values(content ?? {}).map(({ schema }) => renderJson(schema)) : []
    return `<tr><td><code>${status}</code><td>${escapeHtml(description).replaceAll('\n', '<br>')}${shown.join('')}`
  })
  return `<h2 id="${escapeHtml(operation.operationId)}"><code>${method} ${escapeHtml(path)}</code></h2>
<p>${escapeHtml(operation.summary)}. ${escapeHtml(operation.description ?? '')}</p>
<p>Access: ${escapeHtml(describeAccess(operation))}.</p>
${parameters.length === 0 ? '' : `<h3>Parameters</h3><table>${parameters.join('\n')}</table>`}
${body.join('')}
<h3>Answers</h3><table>${responses.join('\n')}</table>`
}

function describeAccess({ 'x-freehold-access': access }: OpenApiOperation): string {
  if (access === 'public') {
    return 'anybody'
  }
  if (access === 'authenticated') {
    return 'anybody with a token'
  }
  return `the role ${access.role} on ${access.service === undefined ? 'the platform' : `the service that ${access.service} names`}`
}

/** Returns JSON as text in which references lead to their schemas. */
function renderJson(value: unknown): string {
  const text = escapeHtml(JSON.stringify(value, null, 2))
  return `<pre>${text.replace(/#\/components\/schemas\/([\w.-]+)/g, '<a href="#schema-$1">$1</a>')}</pre>`
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] as string)
}
