// Loaded before the program: its wall clock is off by the milliseconds in a file, read at the start and at each SIGUSR2.
const { readFileSync } = require('node:fs');

const Real = Date;
let offset = 0;
const read = () => {
  offset = Number(readFileSync(process.env.TEST_CLOCK_FILE, 'utf8'));
};
read();
process.on('SIGUSR2', read);

globalThis.Date = class Date extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(Real.now() + offset);
    else super(...parts);
  }

  static now() {
    return Real.now() + offset;
  }
};
