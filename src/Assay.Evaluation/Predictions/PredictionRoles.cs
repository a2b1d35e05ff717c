using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>
/// Which column of a file of predictions plays which part. A role that is left null goes to the column with a conventional name, without
/// regard to case:
/// <list type="bullet">
/// <item>id: <c>id</c></item>
/// <item>truth: <c>label</c>, <c>labels</c>, <c>y</c>, <c>y_true</c>, <c>target</c>, <c>class</c></item>
/// <item>probabilities: <c>p_CLASS</c>, <c>prob_CLASS</c>, <c>proba_CLASS</c>; logits: <c>logit_CLASS</c></item>
/// <item>one column for two classes: <c>prob</c>, <c>proba</c>, <c>probability</c>, <c>p</c>, <c>score</c>, <c>y_prob</c>, <c>y_score</c>, or <c>logit</c>: of the second class</item>
/// <item>predicted class or value: <c>prediction</c>, <c>predicted</c>, <c>pred</c>, <c>y_pred</c>, <c>yhat</c></item>
/// </list>
/// Every other column of texts or integers can be sliced by.
/// </summary>
public sealed record PredictionRoles
{
    /// <summary>Only the conventional names.</summary>
    public static PredictionRoles Default { get; } = new();

    /// <summary>The column of ids.</summary>
    public string? Id { get; init; }

    /// <summary>The column of the truth: classes as texts or integers, or real values.</summary>
    public string? Label { get; init; }

    /// <summary>The column of the predicted class or value.</summary>
    public string? Prediction { get; init; }

    /// <summary>The columns of scores, one for each class; one alone is of the second of two classes.</summary>
    public ImmutableArray<string> Scores { get; init; } = [];

    /// <summary>What the predictions are, where the names do not say it or say it wrongly.</summary>
    public ScoreKind? Kind { get; init; }

    /// <summary>The columns to slice by, or null for all that can be; leaving them out saves time and memory.</summary>
    public ImmutableArray<string>? Slices { get; init; }

    /// <summary>Whether to read ids; a judgement of one model needs none.</summary>
    public bool WithIds { get; init; } = true;

    /// <summary>How far a row of probabilities may be from a sum of 1.</summary>
    public double Tolerance { get; init; } = Predictions.DefaultTolerance;

    /// <summary>The model's name, or null for the file's.</summary>
    public string? Model { get; init; }
}
