/**
 * The functions that may be used without being declared: those that JSONata brings, `$parse` and `$present`. Missing are `$eval`, which
 * hides what an expression reads, and `$error`, whose name means something else inside `catch`.
 */
export const BUILTINS = new Set(
  `sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match contains
  replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power random boolean not
  map zip filter single reduce sift keys lookup append exists spread merge reverse each assert type sort shuffle distinct
  base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis fromMillis clone now millis parse present`.split(
    /\s+/,
  ),
);
