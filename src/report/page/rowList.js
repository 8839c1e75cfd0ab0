import { h } from './dom.js';
import { formatCount } from './format.js';

/** @import { RecordRow } from '../viewData.js' */

/**
 * A list of records, one of which is selected.
 *
 * @param {Record<string, string>} warnings their names
 * @param {(place: number) => void} onChoose
 */
export function rowList(warnings, onChoose) {
  const element = h('ol', { class: 'rows', 'aria-label': 'Records' });

  /** @param {RecordRow} row @param {number} place */
  function rowButton({ number, words, warnings: found, rejected }, place) {
    const flags = found.map((name) => warnings[name] ?? name).join(', ');
    return h(
      'button',
      { type: 'button', onclick: () => onChoose(place) },
      h('span', { class: 'number' }, rejected ? 'reject' : formatCount(number)),
      h('span', { class: 'words' }, words),
      found.length > 0 && h('span', { class: 'flag', title: flags }, '▲', h('span', { class: 'unseen' }, ` ${flags}`)),
    );
  }

  return {
    element,
    /** Shows these rows. Rows that are already there stay, and keep the focus. @param {RecordRow[]} rows */
    draw(rows) {
      while (element.children.length > rows.length) element.lastChild?.remove();
      for (const [place, row] of rows.entries()) {
        const drawn = element.children[place];
        const key = `${row.rejected} ${row.number} ${row.words}`;
        if (drawn?.getAttribute('data-key') === key) continue;
        const item = h('li', { 'data-key': key }, rowButton(row, place));
        if (drawn === undefined) element.append(item);
        else drawn.replaceWith(item);
      }
    },
    /** Marks one row as selected; none if there is no such index. @param {number} chosen @param {boolean} scrolls */
    mark(chosen, scrolls) {
      for (const [place, item] of [...element.children].entries()) {
        if (place === chosen) item.firstElementChild?.setAttribute('aria-current', 'true');
        else item.firstElementChild?.removeAttribute('aria-current');
        if (place === chosen && scrolls) scrollWithin(element, /** @type {HTMLElement} */ (item));
      }
    },
    /** Returns true if the selected record is below the list, as on a phone. */
    isStacked: () => getComputedStyle(element).getPropertyValue('--stacked').trim() === '1',
  };
}

/** Scrolls the list, but not the page. @param {HTMLElement} list @param {HTMLElement} item */
function scrollWithin(list, item) {
  const above = item.offsetTop;
  if (above < list.scrollTop) list.scrollTop = above;
  else if (above + item.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = above + item.offsetHeight - list.clientHeight;
  }
}
