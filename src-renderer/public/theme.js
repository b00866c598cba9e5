// Before the first paint, so that a dark screen never flashes white.
{
  const root = document.documentElement;
  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem(`natsjob.${name}`));
    } catch {
      return null;
    }
  };
  const theme = read('theme');
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  root.dataset.density = read('density') === 'compact' ? 'compact' : 'comfortable';
  root.dataset.accent = String(read('accent') || 'blue');
}
