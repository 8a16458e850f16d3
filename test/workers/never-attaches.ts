/** Ends without having attached. */

export {};
