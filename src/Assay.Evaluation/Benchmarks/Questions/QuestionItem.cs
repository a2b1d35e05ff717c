using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>A multiple-choice question.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Question">The question's text.</param>
/// <param name="Choices">The options, in order.</param>
/// <param name="Correct">The indices of the correct options.</param>
public sealed record QuestionItem(string Id, string Question, ImmutableArray<string> Choices, ImmutableArray<int> Correct)
{
    /// <summary>Its subject or benchmark, for results by group; may be empty.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Other wordings of the question, with the same options and key.</summary>
    public ImmutableArray<string> Paraphrases { get; init; } = [];

    /// <summary>Whether a judge found that each of the other wordings means the same; empty where none was asked, null where the judge did not say.</summary>
    public ImmutableArray<bool?> Approved { get; init; } = [];

    /// <summary>The index of the option that says "I do not know", or null.</summary>
    public int? Idk { get; init; }

    /// <summary>The same question with an option to abstain, as the last one; unchanged where it has one.</summary>
    /// <param name="text">The option's text.</param>
    public QuestionItem WithIdk(string text = "I do not know.") => Idk is not null ? this : this with { Choices = Choices.Add(text), Idk = Choices.Length };

    /// <summary>Checks that the item can be answered.</summary>
    /// <exception cref="InvalidDataException">It has no question or fewer than two options, an empty or repeated option, or a key outside the options.</exception>
    public QuestionItem Validate()
    {
        if (string.IsNullOrWhiteSpace(Question) || Choices.Length < 2)
            throw new InvalidDataException($"item '{Id}': a question with two or more options was expected");
        if (Choices.Any(string.IsNullOrWhiteSpace))
            throw new InvalidDataException($"item '{Id}': an option is empty");
        if (Choices.Distinct(StringComparer.Ordinal).Count() != Choices.Length)
            throw new InvalidDataException($"item '{Id}': two options are the same text");
        if (Correct.IsDefaultOrEmpty || Correct.Any(c => (uint)c >= (uint)Choices.Length))
            throw new InvalidDataException($"item '{Id}': the key {(Correct.IsDefaultOrEmpty ? "is missing" : string.Join(", ", Correct))}; an option between 0 and {Choices.Length - 1} was expected");
        if (!Approved.IsEmpty && Approved.Length != Paraphrases.Length)
            throw new InvalidDataException($"item '{Id}': {Approved.Length} judgements of {Paraphrases.Length} paraphrases");
        return this;
    }
}
