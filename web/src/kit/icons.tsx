const paths = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  alert: 'M12 7v6.5M12 17v.2',
  clock: 'M12 7.5V12l3 2',
  pause: 'M9 7v10M15 7v10',
  play: 'M8.5 6.5v11l9-5.5z',
  stop: 'M7.5 7.5h9v9h-9z',
  skip: 'M6 7l6 5-6 5zM17 7v10',
  dots: 'M6 12v.1M12 12v.1M18 12v.1',
  more: 'M6 12v.1M12 12v.1M18 12v.1',
  drain: 'M12 5v11M7 12l5 5 5-5',
  hourglass: 'M8 5h8M8 19h8M9 5c0 4 6 6 6 14M15 5c0 4-6 6-6 14',
  search: 'M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM15.5 15.5L20 20',
  copy: 'M9 9h10v10H9zM6 15H5V5h10v1',
  down: 'M7 10l5 5 5-5',
  right: 'M10 7l5 5-5 5',
  left: 'M14 7l-5 5 5 5',
  external: 'M10 6H6v12h12v-4M13 5h6v6M19 5l-8 8',
  refresh: 'M18.5 9A7 7 0 105 14m13.5-9v4h-4',
  redo: 'M5.5 15a7 7 0 1113-6m0-4v4h-4',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4',
  moon: 'M18.5 14.5A7.5 7.5 0 019.5 5.5a7.5 7.5 0 109 9z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  runs: 'M5 6h14M5 12h14M5 18h9',
  inbox: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1 2.5h4L15 13h5',
  flow: 'M6 4h6v5H6zM12 15h6v5h-6zM9 9v8.5h3',
  bolt: 'M13 3L6 13.5h5L10.5 21 18 10.5h-5z',
  calendar: 'M5 6h14v14H5zM5 10.5h14M9 3.5V8M15 3.5V8',
  jobs: 'M4 6h10M4 12h10M4 18h6M17 10v9M13.5 15.5L17 19l3.5-3.5',
  chart: 'M5 20V11M10.5 20V5M16 20v-6M20.5 20H3.5',
  people: 'M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM3 20c0-4 2.5-6 6-6s6 2 6 6M16 5a3 3 0 010 6M18 14.5c2 .8 3 2.6 3 5.5',
  audit: 'M7 4h10v16H7zM10 8.5h4M10 12h4M10 15.5h2',
  tests: 'M9 4h6M10 4v5l-5 9c-.5 1.2 0 2 1.3 2h11.4c1.3 0 1.8-.8 1.3-2l-5-9V4M8 15h8',
  plus: 'M12 5v14M5 12h14',
  edit: 'M5 19l1-4L16 5l3 3L9 18z',
  comment: 'M5 5h14v10H11l-4 4v-4H5z',
  tag: 'M4 4h8l8 8-8 8-8-8zM8.2 8.2v.1',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  compare: 'M8 4v16M16 4v16M4.5 8H8M4.5 12H8M16 12h3.5M16 16h3.5',
  mail: 'M4 6h16v12H4zM4 7l8 6 8-6',
  hook: 'M9 8a3 3 0 114 2.8L10 16M6 13.5a3.2 3.2 0 103.5 4.5H16M17 20a3 3 0 10-1.5-5.6L12.5 9',
  signout: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
  docs: 'M6 4h9l3 3v13H6zM9.5 11h5M9.5 14.5h5',
  keyboard: 'M3.5 7h17v10h-17zM7 10.5v.1M10.5 10.5v.1M14 10.5v.1M17 10.5v.1M8 14h8',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a word, which screen readers hear instead. */
export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
