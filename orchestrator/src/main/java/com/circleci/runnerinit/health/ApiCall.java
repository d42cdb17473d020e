package com.circleci.runnerinit.health;

/**
 * A kind of call to the runner API, by which calls are counted.
 *
 * @param route the path, such as {@code /api/v3/runner/unclaim}; never a URL with a query
 * @param result how the call ended, such as {@code success} or {@code error}
 */
public record ApiCall(String route, String result) {}
