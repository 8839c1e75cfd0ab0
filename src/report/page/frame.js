import { h } from './dom.js';

/** Draws the sections between the header and the footer. @param {HTMLElement[]} sections @param {string[]} anchors @param {string} foot */
export function frame(sections, anchors, foot) {
  const names = anchors.map((id) => h('a', { href: `#${id}` }, `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`));
  document.body.append(
    h('a', { class: 'skip', href: '#records' }, 'Skip to the records'),
    h(
      'header',
      { class: 'top' },
      h('p', { class: 'mark' }, 'rareflow'),
      names.length > 0 && h('nav', { 'aria-label': 'Sections' }, ...names),
      h('button', { type: 'button', id: 'theme', onclick: changeTheme }),
      h('button', { type: 'button', 'aria-label': 'Keyboard shortcuts', onclick: showKeys }, '?'),
    ),
    h('main', null, ...sections),
    h('footer', null, h('p', null, foot)),
    keysDialog(),
  );
  setTheme(kept('theme') ?? 'auto');
}

/** A page opened from disk may have no storage. @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(`rareflow-${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(`rareflow-${name}`, value);
  } catch {
    // The choice is kept for this visit only.
  }
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.setAttribute('data-theme', theme);
  const button = document.getElementById('theme');
  if (button !== null) button.textContent = { auto: 'Auto', light: 'Light', dark: 'Dark' }[theme] ?? 'Auto';
  button?.setAttribute('aria-label', `Colours: ${theme}. Change`);
}

function changeTheme() {
  const order = ['auto', 'light', 'dark'];
  const now = document.documentElement.getAttribute('data-theme') ?? 'auto';
  const next = order[(order.indexOf(now) + 1) % order.length] ?? 'auto';
  setTheme(next);
  keep('theme', next);
}

function keysDialog() {
  const keys = [
    ['j', 'next record'],
    ['k', 'previous record'],
    ['/', 'search'],
    ['t', 'colours: auto, light, dark'],
    ['?', 'show these keys'],
    ['Esc', 'leave the search, close this list'],
  ];
  const single = h('input', { type: 'checkbox', id: 'single-keys', checked: kept('keys') !== 'off' });
  single.addEventListener('change', () => keep('keys', singleKeys() ? 'on' : 'off'));
  return h(
    'dialog',
    { id: 'keys', 'aria-labelledby': 'keys-heading' },
    h('h2', { id: 'keys-heading' }, 'Keyboard shortcuts'),
    h('dl', null, ...keys.flatMap(([key, does]) => [h('dt', null, h('kbd', null, key)), h('dd', null, does)])),
    h('p', null, single, h('label', { for: 'single-keys' }, 'Enable single-letter keys')),
    h('form', { method: 'dialog' }, h('button', null, 'Close')),
  );
}

function showKeys() {
  /** @type {HTMLDialogElement | null} */ (document.querySelector('#keys'))?.showModal();
}

function singleKeys() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector('#single-keys'))?.checked ?? true;
}

/** @param {{ step: (by: number) => void, search: HTMLInputElement }} browser */
export function listenToKeys(browser) {
  /** @type {Record<string, () => void>} */
  const acts = {
    j: () => browser.step(1),
    k: () => browser.step(-1),
    t: changeTheme,
    '?': showKeys,
    '/': () => {
      browser.search.focus();
      browser.search.select();
    },
  };
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === 'Escape' && target === browser.search) browser.search.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || !singleKeys()) return;
    if (target.closest('input, select, textarea, dialog')) return;
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}
