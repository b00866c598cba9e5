/**
 * A process that stood still finds its timers due before it has read what came meanwhile. Whoever judges by a timer that something did
 * not come gives the sockets this much longer, ms, and only then says so.
 */
export const LAST_LOOK_MS = 20;
