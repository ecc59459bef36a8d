import { kindOf } from '../../step/registry.ts';
import { StepEnded } from '../ports.ts';
import { callRun, returnFromRun } from './call.ts';
import { takeFailure } from './caught.ts';
import { failByMessage, succeedByMessage, succeedRun } from './finish.ts';
import { enterGroup, exitGroup } from './group.ts';
import { performLeaf } from './leaf.ts';
import type { MessageOf, WorkMessage } from './message.ts';
import { openScene, type Worker } from './scene.ts';
import { enterTimer, exitTimer } from './timer.ts';

/**
 * Does what a state machine asks for and answers what it should carry on. Safe to repeat: whatever has ended is answered from its row.
 * Throws `Control` names and stable error names, which the machine's `Retry` and `Catch` know.
 */
export async function perform(worker: Worker, message: WorkMessage): Promise<unknown> {
  try {
    return await act(worker, message);
  } catch (error) {
    // Another worker was faster, or the step was closed meanwhile: what stands in its row now answers.
    if (error instanceof StepEnded) return act(worker, message);
    throw error;
  }
}

async function act(worker: Worker, message: WorkMessage): Promise<unknown> {
  switch (message.op) {
    case 'step':
      return step(worker, message);
    case 'call':
      return callRun(await openScene(worker, message.run, message.step, message.scope), message);
    case 'enter':
      return enter(worker, message);
    case 'exit':
      return exit(worker, message);
    case 'caught':
      return takeFailure(await openScene(worker, message.run, message.step, message.scope), message);
    case 'succeed':
      return succeedByMessage(worker, message);
    case 'fail':
      return failByMessage(worker, message);
  }
}

async function step(worker: Worker, { run: ref, step: id, scope, last }: MessageOf<'step'>) {
  const scene = await openScene(worker, ref, id, scope);
  await performLeaf(scene);
  if (last) await succeedRun(worker, scene.run, scene.plan, scene.outputs);
}

async function enter(worker: Worker, message: MessageOf<'enter'>) {
  const scene = await openScene(worker, message.run, message.step, message.scope);
  return kindOf(scene.planned.step.kind).shape === 'timer' ? enterTimer(scene, message) : enterGroup(scene, message);
}

async function exit(worker: Worker, message: MessageOf<'exit'>) {
  const scene = await openScene(worker, message.run, message.step, message.scope);
  const { shape } = kindOf(scene.planned.step.kind);
  if (shape === 'call') return returnFromRun(scene);
  return shape === 'timer' ? exitTimer(scene) : exitGroup(scene);
}
