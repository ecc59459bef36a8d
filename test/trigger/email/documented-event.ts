/** The event record of https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html, without headers that say nothing here. */
export const documented = () => ({
  mail: {
    timestamp: '2019-08-05T21:30:02.028Z',
    source: 'prvs=144d0cba7=sender@example.com',
    messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
    destination: ['recipient@example.com'],
    headersTruncated: false,
    headers: [
      { name: 'Return-Path', value: '<prvs=144d0cba7=sender@example.com>' },
      {
        name: 'Received',
        value:
          'from smtp.example.com [203.0.113.0]) by inbound-smtp.us-east-1.amazonaws.com with SMTP id bsvpsoklfhu7u50iur7h0kk9a2ou0r7iexample for recipient@example.com; Mon, 05 Aug 2019 21:30:02 +0000 (UTC)',
      },
      { name: 'X-SES-Spam-Verdict', value: 'PASS' },
      { name: 'X-SES-Virus-Verdict', value: 'PASS' },
      {
        name: 'Received-SPF',
        value:
          'pass (spfCheck: domain of example.com designates 203.0.113.0 as permitted sender) client-ip=203.0.113.0; envelope-from=prvs=144d0cba42=sender@example.com; helo=smtp.example.com;',
      },
      {
        name: 'Authentication-Results',
        value:
          'amazonses.com; spf=pass (spfCheck: domain of example.com designates 203.0.113.0 as permitted sender) client-ip=203.0.113.0; envelope-from=prvs=144d0cba42=sender@example.com; helo=smtp.example.com; dkim=pass header.i=@example.com; dmarc=none header.from=example.com;',
      },
      { name: 'X-SES-DELIVERY', value: 'AEFBQUFBQUFBQUFHbFo0VU81VzVuYmRDNm51nhTVWpabDh6J4V2l5cG5PSHFtNzlBeUk90example' },
      { name: 'From', value: '"Doe, John" <sender@example.com>' },
      { name: 'To', value: '"recipient@example.com" <recipient@example.com>' },
      { name: 'Subject', value: 'This is a test' },
      { name: 'Date', value: 'Mon, 5 Aug 2019 21:29:57 +0000' },
      { name: 'Message-ID', value: '<F8098FDD-49A3-442D-9935-F6112example@example.com>' },
      { name: 'Precedence', value: 'Bulk' },
    ],
    commonHeaders: {
      returnPath: 'prvs=144d0cba7=sender@example.com',
      from: ['"Doe, John" <sender@example.com>'],
      date: 'Mon, 5 Aug 2019 21:29:57 +0000',
      to: ['"recipient@example.com" <recipient@example.com>'],
      messageId: '<F8098FDD-49A3-442D-9935-F6112B195BDA@example.com>',
      subject: 'This is a test',
    },
  },
  receipt: {
    timestamp: '2019-08-05T21:30:02.028Z',
    processingTimeMillis: 1205,
    recipients: ['recipient@example.com'],
    spamVerdict: { status: 'PASS' },
    virusVerdict: { status: 'PASS' },
    spfVerdict: { status: 'PASS' },
    dkimVerdict: { status: 'PASS' },
    dmarcVerdict: { status: 'GRAY' },
    action: {
      type: 'Lambda',
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:IncomingEmail',
      invocationType: 'Event',
    },
  },
});
