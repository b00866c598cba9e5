import { recall, recallOneOf, remember } from '../lib/storage.ts';

export const LANGUAGES = ['en', 'zh-CN'] as const;
/** Each in its own words. */
export const LANGUAGE_NAMES = { en: 'English', 'zh-CN': '简体中文' } as const;
export const THEMES = ['system', 'light', 'dark'] as const;
export const DENSITIES = ['comfortable', 'compact'] as const;
export const ZONES = ['local', 'utc', 'job'] as const;
export const CLOCKS = ['24', '12'] as const;
export const PAGE_SIZES = [50, 10, 20, 100, 200] as const;
export const ACCENTS = [
  'blue', 'red', 'vermilion', 'orange', 'amber', 'yellow', 'lime', 'green', 'emerald', 'teal',
  'cyan', 'sky', 'indigo', 'violet', 'purple', 'fuchsia', 'pink', 'rose', 'slate', 'graphite',
] as const;

export type Language = (typeof LANGUAGES)[number];
export type Theme = (typeof THEMES)[number];
export type Density = (typeof DENSITIES)[number];
export type ZoneChoice = (typeof ZONES)[number];
export type Clock = (typeof CLOCKS)[number];
export type Accent = (typeof ACCENTS)[number];

/** What this person likes, kept in this browser. Assigning a field keeps it. */
class Prefs {
  #language = $state<Language>(firstLanguage());
  #theme = $state<Theme>(recallOneOf('theme', THEMES));
  #density = $state<Density>(recallOneOf('density', DENSITIES));
  #accent = $state<Accent>(recallOneOf('accent', ACCENTS));
  #zone = $state<ZoneChoice>(recallOneOf('zone', ZONES));
  #clock = $state<Clock>(recallOneOf('clock', CLOCKS));
  #pageSize = $state<number>(PAGE_SIZES.find((size) => size === recall('pageSize')) ?? PAGE_SIZES[0]);
  #shortcuts = $state(recall('shortcuts') !== false);
  #tabs = $state(recall('tabs') !== false);
  #railOpen = $state(recall('rail') !== false);
  #systemDark = $state(false);

  /** Follows the system's theme from now on. */
  start(): void {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = query.matches;
    query.addEventListener('change', () => {
      this.#systemDark = query.matches;
      this.#paint();
    });
    this.#paint();
  }

  get language(): Language { return this.#language; }
  set language(value: Language) { this.#language = value; remember('language', value); }

  get theme(): Theme { return this.#theme; }
  set theme(value: Theme) { this.#theme = value; remember('theme', value); this.#paint(); }

  get isDark(): boolean { return this.#theme === 'dark' || (this.#theme === 'system' && this.#systemDark); }

  get density(): Density { return this.#density; }
  set density(value: Density) { this.#density = value; remember('density', value); this.#paint(); }

  get accent(): Accent { return this.#accent; }
  set accent(value: Accent) { this.#accent = value; remember('accent', value); this.#paint(); }

  /** In which zone times are shown: this machine's, UTC, or each job's own. */
  get zone(): ZoneChoice { return this.#zone; }
  set zone(value: ZoneChoice) { this.#zone = value; remember('zone', value); }

  get clock(): Clock { return this.#clock; }
  set clock(value: Clock) { this.#clock = value; remember('clock', value); }

  get pageSize(): number { return this.#pageSize; }
  set pageSize(value: number) { this.#pageSize = value; remember('pageSize', value); }

  /** Single keys act only while this is on (WCAG 2.1.4). */
  get shortcuts(): boolean { return this.#shortcuts; }
  set shortcuts(value: boolean) { this.#shortcuts = value; remember('shortcuts', value); }

  /** The strip of open pages below the top bar. */
  get tabs(): boolean { return this.#tabs; }
  set tabs(value: boolean) { this.#tabs = value; remember('tabs', value); }

  get railOpen(): boolean { return this.#railOpen; }
  set railOpen(value: boolean) { this.#railOpen = value; remember('rail', value); }

  #paint(): void {
    const { dataset } = document.documentElement;
    dataset.theme = this.isDark ? 'dark' : 'light';
    dataset.density = this.#density;
    dataset.accent = this.#accent;
  }
}

function firstLanguage(): Language {
  const kept = LANGUAGES.find((language) => language === recall('language'));
  return kept ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');
}

export const prefs = new Prefs();
