package com.circleci.runnerinit.acceptance.harness;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** The life of a {@link Scenario}: made for a test, verified when it passed, closed after it. */
final class ScenarioExtension
    implements ParameterResolver, AfterTestExecutionCallback, TestExecutionExceptionHandler {
  private static final Namespace NAMESPACE = Namespace.create(ScenarioExtension.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Scenario.class;
  }

  /** The store closes it at the end of the test. */
  @Override
  public Scenario resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(Scenario.class, _ -> new Scenario(), Scenario.class);
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    var scenario = scenario(context);
    if (scenario != null) {
      failure.addSuppressed(new Evidence(scenario.evidence()));
    }
    throw failure;
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    var scenario = scenario(context);
    if (scenario != null && context.getExecutionException().isEmpty()) {
      try {
        scenario.verify();
      } catch (AssertionError e) {
        e.addSuppressed(new Evidence(scenario.evidence()));
        throw e;
      }
    }
  }

  private static @Nullable Scenario scenario(ExtensionContext context) {
    return context.getStore(NAMESPACE).get(Scenario.class, Scenario.class);
  }

  /** What the containers said, for the reader of a failure. */
  private static final class Evidence extends Throwable {
    private static final long serialVersionUID = 1;

    Evidence(String text) {
      super(text, null, false, false);
    }
  }
}
