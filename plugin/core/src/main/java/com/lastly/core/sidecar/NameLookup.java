package com.lastly.core.sidecar;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Looks host names up. Java can only do that by holding a thread, for as long as the resolver likes; here each name has
 * a thread of its own while it is looked up, so that one that hangs keeps no other waiting, and callers wait no longer
 * than they want. An address is used for a minute and looked up anew, beside the calls, after twenty seconds.
 */
final class NameLookup {

    /** Blocks; throws UnknownHostException where there is no such name. */
    interface Resolver {
        InetAddress resolve(String name) throws UnknownHostException;
    }

    private static final long FRESH = TimeUnit.SECONDS.toNanos(20);
    private static final long USABLE = TimeUnit.SECONDS.toNanos(60);
    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[^:]*:.*");

    private record Found(InetAddress address, long at) {}

    private final Resolver resolver;
    private final Map<String, Found> found = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<InetAddress>> pending = new ConcurrentHashMap<>();

    NameLookup(Resolver resolver) {
        this.resolver = resolver;
    }

    /** The address of a host; a future of the caller's own, which may be given a time or cancelled. */
    CompletableFuture<InetAddress> address(String host) {
        String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        if (LITERAL.matcher(name).matches()) return literal(name);
        Found known = found.get(name);
        long age = known == null ? Long.MAX_VALUE : System.nanoTime() - known.at();
        if (age < FRESH) return CompletableFuture.completedFuture(known.address());
        CompletableFuture<InetAddress> lookup = lookup(name);
        return age < USABLE ? CompletableFuture.completedFuture(known.address()) : lookup.copy();
    }

    /** An address that is written as one needs no resolver. */
    private static CompletableFuture<InetAddress> literal(String address) {
        try {
            return CompletableFuture.completedFuture(InetAddress.getByName(address));
        } catch (UnknownHostException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<InetAddress> lookup(String name) {
        CompletableFuture<InetAddress> mine = new CompletableFuture<>();
        CompletableFuture<InetAddress> running = pending.putIfAbsent(name, mine);
        if (running != null) return running;
        Thread thread = new Thread(() -> resolve(name, mine), "lastly-name-lookup");
        thread.setDaemon(true);
        thread.start();
        return mine;
    }

    private void resolve(String name, CompletableFuture<InetAddress> result) {
        InetAddress address = null;
        Throwable failure = null;
        try {
            address = resolver.resolve(name);
            found.put(name, new Found(address, System.nanoTime()));
        } catch (UnknownHostException | RuntimeException | LinkageError e) {
            failure = e;
        }
        pending.remove(name);
        if (failure == null) result.complete(address);
        else result.completeExceptionally(failure);
    }
}
