using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;

namespace Assay.Statistics;

/// <summary>A parameter of a method that a recipe may set.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsRequired">Whether it has no default.</param>
/// <param name="Default">The default, where there is one.</param>
public sealed record MethodParameter(string Name, Type Type, bool IsRequired, object? Default)
{
    /// <summary>The type in words: integer, number, text, "list of number", the choices of an enumeration.</summary>
    public string TypeName => MethodBinder.TypeName(Type);

    /// <summary>The default as a recipe would write it; "none" for null, empty where the parameter is required.</summary>
    public string DefaultText => IsRequired ? "" : MethodBinder.DefaultText(Type, Default);
}

/// <summary>
/// Turns an expression into an instance: arguments are matched to the parameters of the type's first public constructor, or, where that
/// constructor takes one options object, to the properties of the options.
/// </summary>
internal sealed class MethodBinder(MethodCatalog catalog, object[] services)
{
    public static ConstructorInfo? Constructor(Type type) =>
        type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).FirstOrDefault();

    public static ImmutableArray<MethodParameter> Parameters(Type type)
    {
        var parameters = Constructor(type)!.GetParameters();
        return Options(parameters) is { } options
            ? [.. Settable(options.ParameterType).Select(p => new MethodParameter(Camel(p.Name), p.PropertyType, IsRequired(p), DefaultOf(options.ParameterType, p)))]
            : [.. parameters.Where(p => IsWritable(p.ParameterType)).Select(p => new MethodParameter(p.Name!, p.ParameterType, !HasDefault(p), p.HasDefaultValue ? p.DefaultValue : null))];
    }

    public object Bind(MethodEntry entry, MethodExpression expression)
    {
        var constructor = Constructor(entry.Type)
            ?? throw new MethodFormatException($"'{entry.Name}' cannot be created from a recipe", expression.Position);
        var parameters = constructor.GetParameters();
        try
        {
            if (Options(parameters) is { } options)
            {
                var arguments = parameters.Select(p => p == options ? BindOptions(entry, options.ParameterType, expression) : Service(entry, p)).ToArray();
                return constructor.Invoke(arguments);
            }
            return constructor.Invoke(BindParameters(entry, parameters, expression));
        }
        catch (TargetInvocationException e) when (e.InnerException is ArgumentException inner)
        {
            throw new MethodFormatException($"{entry.Name}: {inner.Message}", expression.Position, inner);
        }
    }

    private object?[] BindParameters(MethodEntry entry, ParameterInfo[] parameters, MethodExpression expression)
    {
        var writable = parameters.Where(p => IsWritable(p.ParameterType)).ToArray();
        var given = Match(entry, expression, [.. writable.Select(p => (p.Name!, p.ParameterType))]);
        return [.. parameters.Select(p =>
            !IsWritable(p.ParameterType) ? Service(entry, p)
            : given.TryGetValue(p.Name!, out var value) ? value
            : p.HasDefaultValue ? p.DefaultValue
            : p.ParameterType.IsArray ? Array.CreateInstance(p.ParameterType.GetElementType()!, 0)
            : throw new MethodFormatException($"{entry.Name} needs the parameter '{p.Name}'", expression.Position))];
    }

    private object BindOptions(MethodEntry entry, Type type, MethodExpression expression)
    {
        var properties = Settable(type).ToArray();
        var given = Match(entry, expression, [.. properties.Select(p => (Camel(p.Name), p.PropertyType))]);
        var options = Activator.CreateInstance(type)!;
        foreach (var property in properties)
        {
            if (given.TryGetValue(Camel(property.Name), out var value))
                property.SetValue(options, value);
            else if (IsRequired(property))
                throw new MethodFormatException($"{entry.Name} needs the parameter '{Camel(property.Name)}'", expression.Position);
        }
        return options;
    }

    private Dictionary<string, object?> Match(MethodEntry entry, MethodExpression expression, (string Name, Type Type)[] parameters)
    {
        var given = new Dictionary<string, object?>(StringComparer.Ordinal);
        var next = 0;
        for (var i = 0; i < expression.Arguments.Length; i++)
        {
            var argument = expression.Arguments[i];
            if (argument.Name is null && next >= parameters.Length)
                throw new MethodFormatException($"{entry.Name} takes at most {parameters.Length} parameters", argument.Position);
            var (name, type) = argument.Name is null ? parameters[next++] : Named(entry, argument, parameters);
            // mlp(512, 512): a list parameter takes all that follow it.
            var value = argument.Name is null && type.IsArray && argument.Value is not ImmutableArray<object>
                ? TakeRest(expression.Arguments, ref i)
                : argument.Value;
            if (!given.TryAdd(name, Convert(entry, name, type, value, argument.Position)))
                throw new MethodFormatException($"{entry.Name}: '{name}' is given twice", argument.Position);
        }
        return given;
    }

    private static ImmutableArray<object> TakeRest(ImmutableArray<MethodArgument> arguments, ref int i)
    {
        var rest = ImmutableArray.CreateBuilder<object>();
        for (; i < arguments.Length && arguments[i].Name is null; i++)
            rest.Add(arguments[i].Value);
        i--;
        return rest.ToImmutable();
    }

    private static (string Name, Type Type) Named(MethodEntry entry, MethodArgument argument, (string Name, Type Type)[] parameters)
    {
        foreach (var parameter in parameters)
        {
            if (Plain(parameter.Name) == Plain(argument.Name!))
                return parameter;
        }
        var near = parameters.OrderBy(p => Spelling.Distance(p.Name, argument.Name!)).Select(p => p.Name).FirstOrDefault();
        throw new MethodFormatException(
            parameters.Length == 0
                ? $"{entry.Name} takes no parameters, '{argument.Name}' was given"
                : $"{entry.Name} has no parameter '{argument.Name}'; did you mean '{near}'? It takes: {string.Join(", ", parameters.Select(p => $"{p.Name} ({TypeName(p.Type)})"))}",
            argument.Position);
    }

    private object? Convert(MethodEntry entry, string name, Type type, object value, int position)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (target.IsArray || IsImmutableArray(target))
        {
            var element = target.IsArray ? target.GetElementType()! : target.GetGenericArguments()[0];
            var items = value is ImmutableArray<object> list ? list : [value];
            var array = Array.CreateInstance(element, items.Length);
            for (var i = 0; i < items.Length; i++)
                array.SetValue(Convert(entry, name, element, items[i], position), i);
            return target.IsArray ? array : typeof(ImmutableArray).GetMethods().First(m => m.Name == nameof(ImmutableArray.Create) && m.GetParameters() is [{ ParameterType.IsArray: true }]).MakeGenericMethod(element).Invoke(null, [array]);
        }
        if (value is MethodExpression nested && !IsScalar(target))
            return catalog.Create(target, nested, services);
        if (value is MethodScalar scalar)
        {
            if (!IsScalar(target))
                return scalar.Text is "none" or "null" && !scalar.Quoted ? null : catalog.Create(target, new MethodExpression(scalar.Text, [], scalar.Position), services);
            if (TryParse(target, scalar.Text, out var parsed))
                return parsed;
            if (type != target && scalar.Text is "none" or "null")
                return null;
        }
        throw new MethodFormatException($"{entry.Name}: '{name}' must be {Article(type)}, not '{MethodExpression.Show(value)}'", position);
    }

    private static bool TryParse(Type type, string text, out object? value)
    {
        var culture = CultureInfo.InvariantCulture;
        value = null;
        if (type == typeof(string))
            value = text;
        else if (type == typeof(bool))
            value = bool.TryParse(text, out var b) ? b : null;
        else if (type == typeof(int))
            value = int.TryParse(text, NumberStyles.Integer, culture, out var i) ? i : null;
        else if (type == typeof(long))
            value = long.TryParse(text, NumberStyles.Integer, culture, out var l) ? l : null;
        else if (type == typeof(double))
            value = double.TryParse(text, NumberStyles.Float, culture, out var d) ? d : null;
        else if (type == typeof(float))
            value = float.TryParse(text, NumberStyles.Float, culture, out var f) ? f : null;
        else if (type.IsEnum)
            value = Enum.GetNames(type).Where(n => Plain(n) == Plain(text)).Select(n => Enum.Parse(type, n)).FirstOrDefault();
        return value is not null;
    }

    private object? Service(MethodEntry entry, ParameterInfo parameter) =>
        Array.Find(services, parameter.ParameterType.IsInstanceOfType)
        ?? (parameter.HasDefaultValue ? parameter.DefaultValue : throw new MethodFormatException($"'{entry.Name}' cannot be used here: it needs a {parameter.ParameterType.Name}"));

    private static ParameterInfo? Options(ParameterInfo[] parameters) => Array.Find(parameters, p => p.ParameterType.Name.EndsWith("Options", StringComparison.Ordinal));

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties().Where(p => p.SetMethod is { IsPublic: true } && IsWritable(p.PropertyType));

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));

    private static object? DefaultOf(Type options, PropertyInfo property) => IsRequired(property) ? null : property.GetValue(Activator.CreateInstance(options));

    private static bool HasDefault(ParameterInfo parameter) => parameter.HasDefaultValue || parameter.IsDefined(typeof(ParamArrayAttribute));

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string);

    private static bool IsImmutableArray(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>);

    // A parameter that text can give: a scalar, a list of such, or another method.
    private static bool IsWritable(Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (target.IsArray)
            return IsWritable(target.GetElementType()!);
        return IsImmutableArray(target) ? IsWritable(target.GetGenericArguments()[0]) : IsScalar(target) || target.IsDefined(typeof(MethodValueAttribute), inherit: true);
    }

    private static string Article(Type type) => type switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type).Select(Camel))}",
        _ when Nullable.GetUnderlyingType(type) is { } inner => $"{Article(inner)} or none",
        _ => TypeName(type) is var n && n is "integer" ? "an integer" : $"a {n}",
    };

    internal static string TypeName(Type type) => type switch
    {
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type == typeof(double) || type == typeof(float) => "number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(string) => "text",
        { IsEnum: true } => string.Join("|", Enum.GetNames(type).Select(Camel)),
        { IsArray: true } => $"list of {TypeName(type.GetElementType()!)}",
        _ when IsImmutableArray(type) => $"list of {TypeName(type.GetGenericArguments()[0])}",
        _ when Nullable.GetUnderlyingType(type) is { } inner => $"{TypeName(inner)} or none",
        _ => type.Name,
    };

    internal static string DefaultText(Type type, object? value) => value switch
    {
        null when type.IsArray => "[]",
        null => "none",
        bool b => b ? "true" : "false",
        Enum e => Camel(e.ToString()),
        string s => s.Length == 0 ? "\"\"" : s,
        System.Collections.IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(v => DefaultText(typeof(object), v)))}]",
        double or float => RealText(value),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.GetType().GetCustomAttribute<MethodAttribute>()?.Name ?? value.GetType().Name,
    };

    // 1E-08 is written 1e-8.
    private static string RealText(object real) =>
        string.Create(CultureInfo.InvariantCulture, $"{real}").Replace("E-0", "e-", StringComparison.Ordinal).Replace("E", "e", StringComparison.Ordinal);

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Marks a base type or interface whose implementations a recipe can give as a nested expression.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class MethodValueAttribute : Attribute;
