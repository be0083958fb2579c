package com.lastly.opensearch;

import org.opensearch.common.inject.Inject;
import org.opensearch.common.lifecycle.AbstractLifecycleComponent;
import org.opensearch.transport.TransportService;

/** Hands the node's task manager to the services: the injector has it, a plugin is not given it otherwise. */
public final class Tasks extends AbstractLifecycleComponent {

    /** Made by the node's injector. */
    @Inject
    public Tasks(TransportService transport, Services services) {
        services.tasks().set(transport.getTaskManager());
    }

    @Override
    protected void doStart() {}

    @Override
    protected void doStop() {}

    @Override
    protected void doClose() {}
}
