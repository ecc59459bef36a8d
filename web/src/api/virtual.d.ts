declare module 'virtual:operations' {
  const operations: Record<string, [method: string, path: string, takesBody: boolean]>;
  export default operations;
}

declare module 'virtual:forms' {
  type Schema = import('../kit/schema.ts').Schema;
  const forms: {
    connections: Record<string, { settings: Schema; secret: Schema }>;
    eventRule: Schema;
    eventRuleChange: Schema;
    limits: Schema;
    mailbox: Schema;
    schedule: Schema;
    queue: Schema;
    queueChange: Schema;
    testChange: Schema;
    webhook: Schema;
    webhookChange: Schema;
  };
  export default forms;
}
