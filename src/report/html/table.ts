import { type Hole, html, type Markup } from './markup.js';

/** A column head: its words, and whether figures stand in it (right-aligned). */
export type Head = string | { readonly n: string };

/** A table that scrolls sideways on its own; `rows` are `<tr>`s. The caption is for those who hear the page. */
export function table(caption: string, heads: readonly Head[], rows: Hole, className = ''): Markup {
  const cells = heads.map((h) =>
    typeof h === 'string' ? html`<th scope="col">${h}</th>` : html`<th scope="col" class="n">${h.n}</th>`,
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="${className}"><caption class="hidden-words">${caption}</caption><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** A section with its heading; every section of the page is one. */
export function section(id: string, title: string, body: Hole, lead: Hole = null): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${title}</h2>${lead === null || lead === '' ? null : html`<p class="lead">${lead}</p>`}${body}</section>`;
}
