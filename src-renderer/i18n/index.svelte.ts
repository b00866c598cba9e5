import type { Language } from '../state/prefs.svelte.ts';
import type { Messages } from './en.ts';

export type { Messages } from './en.ts';

/** The texts of the language in use. Each language is a file of its own that is read when it is first wanted. */
class I18n {
  #t = $state.raw<Messages | undefined>();
  #language = $state<Language>('en');

  /** Reads the first language; nothing may be drawn before. */
  async start(language: Language): Promise<void> {
    await this.use(language);
  }

  async use(language: Language): Promise<void> {
    this.#t = language === 'zh-CN' ? (await import('./zh-CN.ts')).zhCN : (await import('./en.ts')).en;
    this.#language = language;
    document.documentElement.lang = language;
  }

  get t(): Messages {
    if (this.#t === undefined) throw new Error('No language has been read yet.');
    return this.#t;
  }

  get language(): Language { return this.#language; }
}

export const i18n = new I18n();
