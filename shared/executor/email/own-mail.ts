import type { Outgoing } from '../../mail/outgoing.ts';

/** How the installation itself sends mail. */
export interface OwnMail {
  outgoing: Outgoing;
  /** The domain that its mails come from; undefined where it sends none. */
  domain: string | undefined;
}
