import * as z from 'zod';

export const MAIL_ADDRESS = /^[^\s@<>"(),:;\\[\]\u0000-\u001f\u007f]{1,64}@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
export const lowerCase = (text: string) => text.toLowerCase();

export const mailAddress = z
  .string()
  .max(320)
  .transform(lowerCase)
  .pipe(z.string().regex(MAIL_ADDRESS, 'must be a mail address'));
