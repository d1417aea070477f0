import { InMemoryTaskStore, type ServerCallContext, type TaskStore } from '@a2a-js/sdk/server'
import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk'

const TASKS_MAX = 500

/** Tasks of late, so that a long-lived agent stays small: two generations of the SDK's store, the older one forgotten whole. */
export class RecentTasks implements TaskStore {
  #young = new InMemoryTaskStore()
  #old = new InMemoryTaskStore()
  #saved = 0

  async save(task: Task, context: ServerCallContext): Promise<void> {
    this.#saved += 1
    if (this.#saved % TASKS_MAX === 0) {
      this.#old = this.#young
      this.#young = new InMemoryTaskStore()
    }
    await this.#young.save(task, context)
  }

  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    return (await this.#young.load(taskId, context)) ?? this.#old.load(taskId, context)
  }

  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return this.#young.list(params, context)
  }
}
