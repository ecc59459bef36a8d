import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../../shared/workflow/check.ts';
import { compile } from '../../../shared/workflow/compile.ts';
import { validateMachine } from '../../../shared/workflow/validate-machine.ts';
import { aDocument, aStep, planOfSteps } from './documents.ts';
import { namesIn, walkSteps } from './walker.ts';

const workerArn = 'arn:aws:lambda:eu-west-1:123456789012:function:worker:live';
const machineOf = (...steps: unknown[]) => compile(planOfSteps(...steps), { workerArn }).machine;
const loop = (id: string, ...steps: unknown[]) => ({ id, forEach: { in: [1, 2], as: 'item', steps } });

describe('the walk', () => {
  test('three steps in a row cost three calls: the last one settles the run', async () => {
    const { calls, messages } = await walkSteps([aStep('a'), aStep('b'), aStep('c')]);
    expect(calls).toEqual(['step a', 'step b', 'step c']);
    expect(messages.map(({ last }) => last)).toEqual([undefined, undefined, true]);
  });

  test('a run whose last step is not a leaf is settled by a call of its own', async () => {
    const { calls } = await walkSteps([aStep('a'), { id: 'w', wait: '5m' }], () => ({ until: '2020-01-01T00:00:00Z' }));
    expect(calls).toEqual(['step a', 'enter w', 'exit w', 'succeed']);
  });

  test('steps beside one another all start before one ends', async () => {
    const { edges } = await walkSteps([aStep('a'), aStep('b', { needs: [] }), aStep('c', { needs: ['a', 'b'] })]);
    expect(edges).toEqual(['+a', '+b', '-a', '-b', '+c', '-c']);
  });

  test('a failure is reported once and ends the machine under its name', async () => {
    const { calls, failed } = await walkSteps([aStep('a'), aStep('b')], ({ step }) =>
      step === 'a' ? { throws: 'HttpClientError' } : undefined,
    );
    expect(calls).toEqual(['step a', 'fail']);
    expect(failed).toBeDefined();
  });

  test('a failure inside a branch, a loop and a try reaches the end', async () => {
    const nested = { id: 'p', retry: { attempts: 1 }, parallel: { left: [loop('l', aStep('x'))], right: [aStep('y')] } };
    const { calls, messages } = await walkSteps([nested], ({ op, step }) => {
      if (op === 'step' && step === 'x') return { throws: 'HttpServerError' };
      return step === 'l' ? { items: [0, 1] } : undefined;
    });
    expect(calls.at(-1)).toBe('fail');
    expect(messages.at(-1)).toMatchObject({ error: { Error: 'HttpServerError' } });
  });

  test.each(['RunParked', 'RunEnded'])('%s passes every handler of the author and reaches the end', async (control) => {
    const guarded = {
      id: 'g',
      parallel: { one: [aStep('a', { catch: [{ steps: [aStep('h')] }] })] },
      retry: {},
      catch: [{ steps: [aStep('i')] }],
    };
    const { calls } = await walkSteps([guarded], ({ step }) => (step === 'a' ? { throws: control } : undefined));
    expect(calls).toEqual(['enter g', 'step a', 'fail']);
  });

  test('an attempt that is due comes again after the wait of the policy', async () => {
    let attempts = 0;
    const { calls } = await walkSteps([aStep('a', { retry: { attempts: 3 } })], () =>
      ++attempts < 3 ? { throws: 'StepRetry' } : undefined,
    );
    expect(calls).toEqual(['step a', 'step a', 'step a']);
  });

  test('a handler takes the failure, and the run goes on after the step', async () => {
    const { calls, messages } = await walkSteps(
      [aStep('a', { catch: [{ on: ['InputInvalid'], steps: [aStep('no')] }, { steps: [aStep('h')] }] }), aStep('b')],
      ({ op, step }) => (op === 'step' && step === 'a' ? { throws: 'HttpServerError' } : undefined),
    );
    expect(calls).toEqual(['step a', 'caught a', 'step h', 'step b']);
    expect(messages[1]).toMatchObject({ handler: 1, error: { Error: 'HttpServerError' } });
  });

  test('when the last step fails and is caught, a call of its own settles the run', async () => {
    const { calls } = await walkSteps([aStep('a', { catch: [{ steps: [aStep('h')] }] })], ({ op, step }) =>
      op === 'step' && step === 'a' ? { throws: 'Timeout' } : undefined,
    );
    expect(calls).toEqual(['step a', 'caught a', 'step h', 'succeed']);
  });

  test('a switch runs the steps of the case that the worker answers, and none for skip', async () => {
    const choice = { id: 's', switch: [{ when: '${ $input.a }', steps: [aStep('x')] }, { otherwise: [aStep('y')] }] };
    for (const [taken, step] of [
      ['case0', ['step x']],
      ['otherwise', ['step y']],
      ['skip', []],
    ] as const) {
      const { calls } = await walkSteps([choice], ({ op }) => (op === 'enter' ? { case: taken } : undefined));
      expect(calls).toEqual(['enter s', ...step, 'exit s', 'succeed']);
    }
  });

  test('branches run beside one another without asking the worker first', async () => {
    const { calls } = await walkSteps([{ id: 'p', parallel: { left: [aStep('a')], right: [aStep('b')] } }]);
    expect(calls).toEqual(['step a', 'step b', 'exit p', 'succeed']);
  });

  test('a conditional parallel is asked about, and skipped whole', async () => {
    const steps = [{ id: 'p', if: '${ $input.a }', parallel: { left: [aStep('a')] } }];
    expect((await walkSteps(steps, () => ({ skip: true }))).calls).toEqual(['enter p', 'exit p', 'succeed']);
    expect((await walkSteps(steps, () => ({ skip: false }))).calls).toEqual(['enter p', 'step a', 'exit p', 'succeed']);
    expect((await walkSteps(steps)).calls).toEqual(['enter p', 'step a', 'exit p', 'succeed']);
  });

  test('a loop opens a scope for each item it is handed, and for no other', async () => {
    const { calls } = await walkSteps([loop('l', loop('m', aStep('x')))], ({ step }) =>
      step === 'l' ? { items: [1] } : { items: [0, 3] },
    );
    expect(calls).toEqual([
      'enter l',
      'enter m@l[1]/',
      'step x@l[1]/m[0]/',
      'step x@l[1]/m[3]/',
      'exit m@l[1]/',
      'exit l',
      'succeed',
    ]);
  });

  test('a loop without items goes on at once', async () => {
    expect((await walkSteps([loop('l', aStep('x'))], () => ({ items: [] }))).calls).toEqual(['enter l', 'exit l', 'succeed']);
  });

  test('a group with retry runs again in the scope of its next try, and leaves it behind', async () => {
    let tries = 0;
    const group = { id: 'g', retry: { attempts: 2 }, parallel: { one: [aStep('a')] } };
    const { calls } = await walkSteps([group, aStep('b')], ({ op, step, scope }) => {
      if (op === 'enter') tries += 1;
      if (op === 'enter') return { scope: `g~${tries}/` };
      return step === 'a' && scope === 'g~1/' ? { throws: 'HttpServerError' } : undefined;
    });
    expect(calls).toEqual(['enter g', 'step a@g~1/', 'enter g', 'step a@g~2/', 'exit g@g~2/', 'step b']);
  });

  test('a wait takes the instant that the worker fixed', async () => {
    const { failed } = await walkSteps([{ id: 'w', wait: '${ 5 }' }], () => ({ until: '1970-01-01T00:00:00.000Z' }));
    expect(failed).toBeUndefined();
  });
});

describe('the machine', () => {
  const everything = [
    aStep('a', { retry: { delay: '5s', maxDelay: '1m', jitter: true }, timeout: '5m' }),
    { id: 'w', wait: { until: '${ $input.at }' }, retry: {}, catch: [{ steps: [aStep('wh')] }] },
    {
      id: 's',
      if: '${ $input.x }',
      switch: [{ when: true, steps: [aStep('x'), aStep('y', { needs: [] })] }],
      catch: [{ steps: [aStep('sh')] }],
    },
    { id: 'p', if: '${ $input.x }', retry: {}, parallel: { left: [aStep('pl')], right: [aStep('pr')] } },
    { id: 'l', forEach: { in: [], as: 'item', concurrency: 7, steps: [aStep('li')] }, retry: { on: ['OutOfStock'] } },
    aStep('q', { catch: [{ on: ['Timeout'], steps: [aStep('qh')] }] }),
    { id: 'r', raise: { error: 'OutOfStock', message: 'none left' } },
  ];

  test('is valid Amazon States Language for every construct', () => {
    expect(validateMachine(machineOf(...everything))).toEqual([]);
    for (const step of everything) expect(validateMachine(machineOf({ ...step, needs: [] }))).toEqual([]);
  });

  test('is not changed by being checked', () => {
    const machine = machineOf(...everything);
    const before = JSON.stringify(machine);
    validateMachine(machine);
    expect(JSON.stringify(machine)).toBe(before);
  });

  test('is called invalid when it is', () => {
    expect(validateMachine({ StartAt: 'nowhere', States: {} })).not.toEqual([]);
  });

  test('names states after steps, each name once and 80 characters at most', () => {
    const names = namesIn(machineOf(...everything));
    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(
      expect.arrayContaining([
        'a',
        'w',
        'w.until',
        'w.end',
        's.try',
        's.case',
        'p.skip',
        'p.branches',
        'l.items',
        'q.caught0',
        'run.fail',
      ]),
    );
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('repeats a step as its policy says, in whole seconds', () => {
    expect(
      machineOf(aStep('a', { retry: { attempts: 4, delay: '5s', backoff: 1.5, maxDelay: '1m', jitter: true } })).States['a']?.[
        'Retry'
      ],
    ).toMatchObject([
      {
        ErrorEquals: ['StepRetry', 'States.Timeout'],
        IntervalSeconds: 5,
        MaxAttempts: 3,
        BackoffRate: 1.5,
        MaxDelaySeconds: 60,
        JitterStrategy: 'FULL',
      },
      { ErrorEquals: expect.arrayContaining(['Lambda.TooManyRequestsException']), JitterStrategy: 'FULL' },
    ]);
  });

  test('leaves the death of the worker to the policy only when that names Timeout', () => {
    const errorsOf = (on: string[]) => machineOf(aStep('a', { retry: { on } })).States['a']?.['Retry'];
    expect(errorsOf(['HttpServerError'])).toMatchObject([{ ErrorEquals: ['StepRetry'] }, {}]);
    expect(errorsOf(['Timeout'])).toMatchObject([{ ErrorEquals: ['StepRetry', 'States.Timeout'] }, {}]);
  });

  test('gives a step its timeout and some grace, never more than the worker lives', () => {
    const seconds = (timeout?: string) => machineOf(aStep('a', timeout ? { timeout } : {})).States['a']?.['TimeoutSeconds'];
    expect([seconds(), seconds('30s'), seconds('890s'), seconds('${ $input.t }')]).toEqual([90, 60, 900, 900]);
  });

  test('catches by name, and everything but the control names without one', () => {
    const catchOf = (on?: string[]) =>
      JSON.stringify(machineOf(aStep('a', { catch: [{ ...(on && { on }), steps: [aStep('h')] }] })).States['a']?.['Catch']);
    expect(catchOf(['Timeout'])).toContain('"ErrorEquals":["Timeout","States.Timeout"]');
    expect(catchOf()).toContain('Lambda.Unknown');
    for (const control of ['StepRetry', 'RunParked', 'RunEnded']) expect(catchOf()).not.toContain(control);
  });

  test('walks 10 items at once, or as many as the author says', () => {
    expect(machineOf(loop('l', aStep('x'))).States['l.items']).toMatchObject({ Type: 'Map', MaxConcurrency: 10 });
    expect(machineOf(...everything).States['l.try']).toMatchObject({
      Branches: [{ States: { 'l.items': { MaxConcurrency: 7 } } }],
    });
  });

  test('hears every failure at the top, and lets those of branches go up', () => {
    const { States } = machineOf(...everything);
    for (const [name, state] of Object.entries(States)) {
      const mayFail = ['Task', 'Parallel', 'Map'].includes(String(state['Type'])) && name !== 'run.fail';
      if (mayFail)
        expect(state['Catch'], name).toContainEqual({ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'run.fail' });
    }
    expect(JSON.stringify(States['p.try']?.['Branches'])).not.toContain('States.ALL');
  });

  test('ends after the time of the document: 90 days unless it says so', () => {
    const secondsOf = (timeout?: string) => {
      const checked = checkDocument(aDocument({ ...(timeout && { timeout }), steps: [aStep('a')] }));
      return checked.ok && compile(checked.plan, { workerArn }).machine.TimeoutSeconds;
    };
    expect([secondsOf(), secondsOf('1h'), secondsOf('${ 5 }')]).toEqual([90 * 86_400, 3_600, 365 * 86_400]);
  });

  test('holds nothing that the author wrote but names', () => {
    const secret = '{% $secret %}';
    const text = JSON.stringify(
      machineOf(
        { id: 'a', title: secret, set: { v: secret }, output: secret },
        { id: 'l', forEach: { in: secret, as: 'item', steps: [{ id: 'r', raise: { error: 'Bad', message: secret } }] } },
        { id: 's', switch: [{ when: `\${ "${secret}" = "a" }`, steps: [aStep('x')] }] },
        { id: 'w', wait: { until: secret } },
      ),
    );
    expect(text).not.toContain('{%');
    expect(text).not.toContain('secret');
  });

  test('of 500 steps fits into Step Functions', () => {
    const { machine } = compile(
      planOfSteps(...Array.from({ length: 500 }, (_, index) => aStep(`step_with_a_rather_long_name_${index}`, { retry: {} }))),
      { workerArn },
    );
    expect(JSON.stringify(machine).length).toBeLessThan(1_000_000);
  });
});
