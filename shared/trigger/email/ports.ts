import type { Outgoing } from '../../mail/outgoing.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import type { Deliveries } from '../delivery/delivery.ts';
import type { Arrival } from './arrival.ts';
import type { Mailboxes } from './mailbox.ts';

/** Raw mails in the bucket, where SES puts them. */
export interface RawMails {
  /** The object of a mail. */
  keyOf(messageId: string): string;
  /** The mail, or only its size when that is above the limit. */
  read(messageId: string, limitBytes: number): Promise<{ bytes: number; raw?: Buffer }>;
  /** Keeps what SES said of a mail beside it, so that it can be given another chance. */
  note(arrival: Arrival): Promise<void>;
  noted(messageId: string): Promise<Arrival | undefined>;
}

/** The mail addresses of those who may see a project. */
export interface Collaborators {
  of(workspace: string, project: string): Promise<string[]>;
}

/** A sender that is to hear how the run ends. */
export interface PendingReply {
  deliveryId: string;
  runId: string;
  workflowName: string;
  from: string;
  to: string;
  subject: string;
  messageId: string | null;
  references: string[];
  since: string;
}

export interface PendingReplies {
  put(reply: PendingReply, dueAt: string): Promise<void>;
  due(now: string, limit: number): Promise<{ reply: PendingReply; dueAt: string }[]>;
  /** To be looked at again at that time, and by nobody else before. False when somebody else has moved or removed it. */
  defer(deliveryId: string, seen: string, dueAt: string): Promise<boolean>;
  /** It is dealt with. False when somebody else has moved or removed it. */
  remove(deliveryId: string, seen: string): Promise<boolean>;
}

/** What is needed to take a mail in. */
export interface EmailServices extends StartServices {
  domain: string;
  deliveries: Deliveries;
  mailboxes: Mailboxes;
  collaborators: Collaborators;
  mails: RawMails;
  outgoing: Outgoing;
  replies: PendingReplies;
  /** A reply could not be sent. What it was about stands all the same. */
  replyLost(error: unknown): void;
}
