using System.Collections.Immutable;
using System.Reflection;

namespace Assay.Statistics;

/// <summary>One method of the catalog.</summary>
/// <param name="Name">The name in recipes and commands.</param>
/// <param name="Paper">The number of the paper's brief, or 0 for a standard method.</param>
/// <param name="Kind">What sort of method it is.</param>
/// <param name="Type">The public type that carries the <see cref="MethodAttribute"/>.</param>
public sealed record MethodEntry(string Name, int Paper, MethodKind Kind, Type Type)
{
    /// <summary>Whether a recipe can create it: false for static classes, which are called from code or by a command.</summary>
    public bool CanCreate => !Type.IsAbstract && MethodBinder.Constructor(Type) is not null;

    /// <summary>The parameters that a recipe may set, in order.</summary>
    public ImmutableArray<MethodParameter> Parameters => CanCreate ? MethodBinder.Parameters(Type) : [];
}

/// <summary>The methods found in a set of assemblies, by name. Names are compared without regard to case.</summary>
public sealed class MethodCatalog
{
    private readonly ImmutableSortedDictionary<string, MethodEntry> entries;

    private MethodCatalog(ImmutableSortedDictionary<string, MethodEntry> entries) => this.entries = entries;

    /// <summary>All methods, ordered by name.</summary>
    public IEnumerable<MethodEntry> Entries => entries.Values;

    /// <summary>Builds the catalog of all types with a <see cref="MethodAttribute"/> in the given assemblies.</summary>
    /// <exception cref="InvalidOperationException">Two types carry the same name.</exception>
    public static MethodCatalog Of(params IEnumerable<Assembly> assemblies)
    {
        ArgumentNullException.ThrowIfNull(assemblies);
        var found = ImmutableSortedDictionary.CreateBuilder<string, MethodEntry>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in assemblies.Distinct().SelectMany(a => a.GetExportedTypes()))
        {
            if (type.GetCustomAttribute<MethodAttribute>() is not { } method)
                continue;
            if (found.TryGetValue(method.Name, out var other))
                throw new InvalidOperationException($"method '{method.Name}' is declared by both {other.Type.FullName} and {type.FullName}");
            found.Add(method.Name, new MethodEntry(method.Name, method.Paper, method.Kind, type));
        }
        return new MethodCatalog(found.ToImmutable());
    }

    /// <summary>Finds a method by name.</summary>
    /// <exception cref="MethodFormatException">No method has that name; the message offers the nearest ones.</exception>
    public MethodEntry Find(string name, int position = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        return entries.TryGetValue(name, out var entry) ? entry : throw Unknown(name, entries.Keys, position);
    }

    /// <summary>Finds a method by name, if there is one.</summary>
    public bool TryFind(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MethodEntry? entry) => entries.TryGetValue(name, out entry);

    /// <summary>Creates the method that an expression names, for example a loss from <c>dice-loss(gamma: 1)</c>.</summary>
    /// <typeparam name="T">What the caller needs it to be.</typeparam>
    /// <param name="expression">The expression.</param>
    /// <param name="services">Values for constructor parameters that text cannot give (a random generator, a device), matched by type.</param>
    /// <exception cref="MethodFormatException">The method or a parameter is unknown, a value has the wrong type, or the method is no <typeparamref name="T"/>.</exception>
    /// <exception cref="ArgumentException">The method's constructor refused a value.</exception>
    public T Create<T>(MethodExpression expression, params object[] services)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return (T)Create(typeof(T), expression, services);
    }

    /// <inheritdoc cref="Create{T}(MethodExpression, object[])"/>
    public T Create<T>(string expression, params object[] services) => Create<T>(MethodExpression.Parse(expression), services);

    internal object Create(Type wanted, MethodExpression expression, object[] services)
    {
        if (!entries.TryGetValue(expression.Name, out var entry))
            throw Unknown(expression.Name, entries.Values.Where(e => wanted.IsAssignableFrom(e.Type)).Select(e => e.Name), expression.Position);
        if (!wanted.IsAssignableFrom(entry.Type))
        {
            var fitting = string.Join(", ", entries.Values.Where(e => wanted.IsAssignableFrom(e.Type)).Select(e => e.Name));
            throw new MethodFormatException($"'{entry.Name}' is a {entry.Kind.ToString().ToLowerInvariant()} and does not fit here; what fits: {fitting}", expression.Position);
        }
        return new MethodBinder(this, services).Bind(entry, expression);
    }

    internal static MethodFormatException Unknown(string name, IEnumerable<string> known, int position)
    {
        var names = known.ToArray();
        var end = Spelling.Suggestion(name, names) is { Length: > 0 } suggestion ? suggestion
            : names.Length > 0 ? $"; known: {string.Join(", ", names)}"
            : "; none is known that would fit here";
        return new MethodFormatException($"unknown method '{name}'{end}", position);
    }
}
