import { MASK } from '../../kernel/mask.ts';
import { isSecretName } from '../../step/http/secret-names.ts';
import type { RawForm } from '../delivery/raw.ts';

/** Signatures of mail servers prove who has sent a mail, and are of no use to others. */
const PROOF = /^(dkim-signature|arc-seal|arc-message-signature|arc-authentication-results|authentication-results)$/i;
const FIELD = /^([!-9;-~]{1,200}):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gm;

/** A mail byte for byte, but for fields of its head whose names give a credential away. */
export const rawMail: RawForm = {
  ending: 'eml',
  write(kept) {
    const end = endOfHead(kept);
    const head = kept.subarray(0, end).toString('latin1').replace(FIELD, shownField);
    return Buffer.concat([Buffer.from(head, 'latin1'), kept.subarray(end)]);
  },
};

const shownField = (field: string, name: string) => (isSecretName(name) && !PROOF.test(name) ? `${name}: ${MASK}` : field);

function endOfHead(mail: Buffer): number {
  const ends = ['\r\n\r\n', '\n\n'].map((gap) => mail.indexOf(gap)).filter((at) => at >= 0);
  return ends.length === 0 ? mail.length : Math.min(...ends);
}
