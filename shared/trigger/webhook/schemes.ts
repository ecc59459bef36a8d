import type { Scheme } from './scheme.ts';
import { none } from './schemes/none.ts';
import { sha256 } from './schemes/sha256.ts';
import { shopify } from './schemes/shopify.ts';
import { slack } from './schemes/slack.ts';
import { standard } from './schemes/standard.ts';
import { stripe } from './schemes/stripe.ts';
import type { SchemeName } from './webhook.ts';

const schemes: Record<SchemeName, Scheme> = { standard, sha256, shopify, stripe, slack, none };

export const schemeOf = ({ scheme }: { scheme: SchemeName }): Scheme => schemes[scheme];
