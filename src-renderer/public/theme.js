// Before the first paint, so that a dark screen never flashes white.
(function () {
  var root = document.documentElement;
  var read = function (name) {
    try {
      return JSON.parse(localStorage.getItem('natsjob.' + name));
    } catch {
      return null;
    }
  };
  var theme = read('theme');
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  root.dataset.density = read('density') === 'compact' ? 'compact' : 'comfortable';
  root.dataset.accent = String(read('accent') || 'blue');
})();
