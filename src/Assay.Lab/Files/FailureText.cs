using System.Reflection;

namespace Assay.Lab;

/// <summary>An exception in words for people: what is wrong, without what only helps our debugger.</summary>
public static class FailureText
{
    /// <summary>The message of an exception, or of what lies inside a wrapper.</summary>
    public static string Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is AggregateException or TargetInvocationException && exception.InnerException is { } inner)
            return Of(inner);
        var message = exception.Message.Length > 0 ? exception.Message : exception.GetType().Name;
        // torch appends its own stack; .NET the name of a parameter of our code.
        if (message.IndexOf("\nException raised from", StringComparison.Ordinal) is > 0 and var stack)
            message = message[..stack];
        if (exception is ArgumentException { ParamName: { } name })
            message = message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal);
        return message;
    }
}
