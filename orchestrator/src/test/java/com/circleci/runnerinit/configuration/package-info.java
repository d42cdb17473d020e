@NullMarked
package com.circleci.runnerinit.configuration;

import org.jspecify.annotations.NullMarked;
