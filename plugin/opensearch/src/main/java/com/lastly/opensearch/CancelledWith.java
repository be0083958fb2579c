package com.lastly.opensearch;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.common.lease.Releasable;
import org.opensearch.core.tasks.TaskCancelledException;
import org.opensearch.core.tasks.TaskId;
import org.opensearch.tasks.CancellableTask;
import org.opensearch.tasks.Task;
import org.opensearch.tasks.TaskAwareRequest;
import org.opensearch.tasks.TaskManager;

/**
 * Ends a call with the search that it belongs to. A search's task has no listeners, but cancelling it cancels its child
 * tasks, so the call is registered as one; `_tasks` shows it while it runs.
 */
final class CancelledWith {

    private static final String ACTION = "indices:data/read/search[lastly/rerank]";

    private CancelledWith() {}

    static void search(Task search, CompletableFuture<?> call, Services services) {
        if (!(search instanceof CancellableTask) || call.isDone()) return;
        TaskManager tasks = services.tasks().get();
        DiscoveryNode node = services.cluster().localNode();
        try {
            Releasable child = tasks.registerChildNode(search.getId(), node);
            call.whenComplete((done, failure) -> child.close());
            Task task = tasks.register("transport", ACTION, new Call(new TaskId(node.getId(), search.getId()), call));
            call.whenComplete((done, failure) -> tasks.unregister(task));
        } catch (TaskCancelledException e) { // a search that is being cancelled takes no children
            call.cancel(true);
        }
        if (((CancellableTask) search).isCancelled()) call.cancel(true); // before the child was there
    }

    private static final class Call implements TaskAwareRequest {
        private final CompletableFuture<?> call;
        private TaskId parent;

        Call(TaskId parent, CompletableFuture<?> call) {
            this.parent = parent;
            this.call = call;
        }

        @Override
        public void setParentTask(TaskId parent) {
            this.parent = parent;
        }

        @Override
        public TaskId getParentTask() {
            return parent;
        }

        @Override
        public Task createTask(long id, String type, String action, TaskId parent, Map<String, String> headers) {
            return new CancellableTask(id, type, action, "call of the sidecar", parent, headers) {
                @Override
                public boolean shouldCancelChildrenOnCancellation() {
                    return false;
                }

                @Override
                protected void onCancelled() {
                    call.cancel(true);
                }
            };
        }
    }
}
