using System.Reflection;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>A method as a recipe names it, with its place for errors.</summary>
/// <param name="Expression">The expression.</param>
/// <param name="Place">Where it stands.</param>
public sealed record RecipeMethod(MethodExpression Expression, RecipePlace Place)
{
    /// <summary>Creates the method.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="services">What text cannot give, matched by type.</param>
    /// <exception cref="InvalidDataException">A parameter is unknown, of the wrong type or out of its range; the message names file, line and column.</exception>
    public T Create<T>(MethodCatalog catalog, params object[] services)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        try
        {
            return catalog.Create<T>(Expression, services);
        }
        catch (MethodFormatException e)
        {
            throw Place.Shift(e.Position).Error(Plain(e), e);
        }
        catch (ArgumentException e)
        {
            throw Place.Error(Plain(e), e);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            throw Place.Error($"{Expression.Name}: {Plain(inner)}", inner);
        }
    }

    /// <summary>The expression as text.</summary>
    public override string ToString() => Expression.ToString();

    internal static RecipeMethod Parse(string text, RecipePlace place)
    {
        try
        {
            return new RecipeMethod(MethodExpression.Parse(text), place);
        }
        catch (MethodFormatException e)
        {
            throw place.Shift(e.Position).Error(e.Message, e);
        }
    }

    // .NET appends the name of a parameter of our code, and on a line of its own the value; its own range checks say both twice.
    private static string Plain(Exception e)
    {
        var argument = e as ArgumentException ?? e.InnerException as ArgumentException;
        if (argument is ArgumentOutOfRangeException { ActualValue: { } value, ParamName: { } parameter } && argument.Message.StartsWith($"{parameter} ('", StringComparison.Ordinal))
        {
            var start = e.Message.IndexOf($"{parameter} ('", StringComparison.Ordinal);
            var expected = argument.Message.Contains("non-negative and non-zero", StringComparison.Ordinal) ? "more than 0" : argument.Message.Contains("non-negative", StringComparison.Ordinal) ? "0 or more" : null;
            if (expected is not null && start >= 0)
                return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{e.Message[..start]}{expected} was expected for {parameter}, not {value}");
        }
        var message = argument?.ParamName is { } name ? e.Message.Replace($" (Parameter '{name}')", $" for {name}", StringComparison.Ordinal) : e.Message;
        return message.ReplaceLineEndings("; ").Replace("; Actual value was ", ", not ", StringComparison.Ordinal).TrimEnd('.');
    }
}
