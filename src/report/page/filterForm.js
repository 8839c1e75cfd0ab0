import { h } from './dom.js';
import { stageName } from './format.js';

/** @import { Filters } from '../viewData.js' */

const TYPING_DELAY_MS = 250;

/** @type {Filters} */
export const noFilters = { words: '', warning: '', state: '', language: '' };

/** @param {Filters} filters */
export const isUnfiltered = (filters) => Object.values(filters).every((value) => value === '');

/**
 * The search field and the selects that filter the list.
 *
 * @param {{ warnings: Record<string, string>, states: string[], languages: string[] }} choices
 * @param {(changes: Partial<Filters>) => void} onChange
 * @param {(HTMLElement | false)[]} more further controls
 */
export function filterForm({ warnings, states, languages }, onChange, more) {
  const search = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'search',
      id: 'search',
      placeholder: 'Words in any text',
      autocomplete: 'off',
      spellcheck: 'false',
    })
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => onChange({ words: search.value.trim() }), TYPING_DELAY_MS);
  });
  const selects = {
    warning: select('warning', Object.entries(warnings), onChange),
    state: select(
      'state',
      states.map((state) => [state, stageName(state)]),
      onChange,
    ),
    language: select(
      'language',
      languages.map((language) => [language, language]),
      onChange,
    ),
  };
  // On a narrow screen, the other fields would push the records away.
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'toggle',
      'aria-expanded': 'false',
      onclick: () => toggle.setAttribute('aria-expanded', String(element.classList.toggle('all'))),
    },
    'Filters',
  );
  const element = h(
    'form',
    { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    field('Search', search, 'wide'),
    toggle,
    field('Warning', selects.warning),
    field('Stage', selects.state),
    field('Language', selects.language),
    ...more,
  );
  return {
    element,
    search,
    /** Shows filters that were set elsewhere. @param {Filters} filters */
    set({ words, warning, state, language }) {
      clearTimeout(typing);
      if (search.value.trim() !== words) search.value = words;
      for (const [name, value] of Object.entries({ warning, state, language })) {
        selects[/** @type {keyof typeof selects} */ (name)].value = value;
      }
    },
    /** Adds stages to choose from. @param {string[]} known */
    offerStates(known) {
      const had = new Set([...selects.state.options].map(({ value }) => value));
      for (const state of known) {
        if (!had.has(state)) selects.state.append(h('option', { value: state }, stageName(state)));
      }
    },
  };
}

/** @param {string} name @param {string[][]} options @param {(changes: Partial<Filters>) => void} onChange */
function select(name, options, onChange) {
  const all = [['', 'all'], ...options].map(([value, label]) => h('option', { value }, label));
  const made = /** @type {HTMLSelectElement} */ (h('select', { id: name }, ...all));
  made.addEventListener('change', () => onChange({ [name]: made.value }));
  return made;
}

/** @param {string} name @param {HTMLElement} control @param {string} [kind] */
export function field(name, control, kind = '') {
  return h('p', { class: `field ${kind}` }, h('label', { for: control.id }, name), control);
}
