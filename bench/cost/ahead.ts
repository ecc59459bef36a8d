/** Preloaded (`--import`) into a process whose clock is to be ahead by CLOCK_AHEAD_MS: what it finds waiting is over. */
const aheadMs = Number(process.env['CLOCK_AHEAD_MS']);
const real = Date.now;
const now = () => real() + aheadMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
