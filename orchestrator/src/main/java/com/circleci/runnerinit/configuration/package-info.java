/** What a task is configured with, and the environment that it comes from. */
@NullMarked
package com.circleci.runnerinit.configuration;

import org.jspecify.annotations.NullMarked;
