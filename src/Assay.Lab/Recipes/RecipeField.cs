using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>What a recipe may put behind a key. The reader checks it and the JSON schema describes it, from this one definition.</summary>
internal abstract record RecipeType
{
    /// <summary>Any text that is not empty.</summary>
    public sealed record Text : RecipeType;

    /// <summary>A number in a range.</summary>
    public sealed record Number(double Least = double.NegativeInfinity, double Most = double.PositiveInfinity, bool ExcludesLeast = false, bool ExcludesMost = false, bool IsInteger = false) : RecipeType
    {
        public bool Contains(double value) => (ExcludesLeast ? value > Least : value >= Least) && (ExcludesMost ? value < Most : value <= Most);

        public string Expected
        {
            get
            {
                var kind = IsInteger ? "an integer" : "a number";
                // No one asks for more than an int holds: the bound is not worth telling.
                return (double.IsFinite(Least), Most < int.MaxValue) switch
                {
                    (true, false) when IsInteger && Least == 1 => "a positive integer",
                    (true, true) => $"{kind} from {(ExcludesLeast ? "above " : "")}{Least} to {(ExcludesMost ? "below " : "")}{Most}",
                    (true, false) when ExcludesLeast && Least == 0 => "a positive number",
                    (true, false) => $"{kind} of {(ExcludesLeast ? $"more than {Least}" : $"{Least} or more")}",
                    (false, true) => $"{kind} of {(ExcludesMost ? $"less than {Most}" : $"{Most} or less")}",
                    _ => kind,
                };
            }
        }
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public sealed record Truth : RecipeType;

    /// <summary>One of some words.</summary>
    public sealed record Choice(params ImmutableArray<string> Words) : RecipeType;

    /// <summary>An expression that names a method of a certain type.</summary>
    /// <param name="Wanted">The type that the method must have.</param>
    /// <param name="What">What to call it: "a loss".</param>
    /// <param name="Also">Names that are no methods of that type but are understood here.</param>
    public sealed record Method(Type Wanted, string What, params ImmutableArray<string> Also) : RecipeType;

    /// <summary>A list of values of one type.</summary>
    public sealed record List(RecipeType Item) : RecipeType;

    /// <summary>Keys below a key.</summary>
    /// <param name="Fields">The keys.</param>
    /// <param name="Shorthand">The key that a plain value stands for: <c>data: digits</c> is <c>data: {source: digits}</c>.</param>
    /// <param name="CanBeOff">Whether <c>false</c> and <c>none</c> turn the whole group off.</param>
    public sealed record Group(ImmutableArray<RecipeField> Fields, string? Shorthand = null, bool CanBeOff = false) : RecipeType;

    /// <summary>A type or <c>none</c>.</summary>
    public sealed record Optional(RecipeType Inner) : RecipeType;
}

/// <summary>A key of a recipe.</summary>
/// <param name="Name">The key.</param>
/// <param name="Type">What it takes.</param>
/// <param name="Summary">What it means, in one sentence.</param>
/// <param name="Default">The default in words, or null where the key must be there.</param>
internal sealed record RecipeField(string Name, RecipeType Type, string Summary, string? Default);
