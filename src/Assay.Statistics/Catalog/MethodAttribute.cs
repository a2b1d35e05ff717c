namespace Assay.Statistics;

/// <summary>What a published method does, so that the catalog can group it and a recipe can ask for the right sort.</summary>
public enum MethodKind
{
    /// <summary>A training objective.</summary>
    Loss,
    /// <summary>An update rule for parameters.</summary>
    Optimizer,
    /// <summary>A learning-rate schedule.</summary>
    Schedule,
    /// <summary>A way of training a model.</summary>
    Trainer,
    /// <summary>A model architecture.</summary>
    Model,
    /// <summary>A number computed from predictions or other results.</summary>
    Metric,
    /// <summary>A map from raw scores to calibrated probabilities.</summary>
    Calibrator,
    /// <summary>A statistical test or interval.</summary>
    Inference,
    /// <summary>A split of the data or a resampling scheme.</summary>
    Resampling,
    /// <summary>A change of the data: generator, corruption, augmentation, perturbation.</summary>
    Transform,
    /// <summary>A method that finds or repairs faults in data.</summary>
    DataQuality,
    /// <summary>A benchmark: data, protocol and score.</summary>
    Benchmark,
    /// <summary>A law that predicts results at another scale.</summary>
    ScalingLaw,
    /// <summary>A measurement that explains a model or a training run.</summary>
    Diagnostic,
}

/// <summary>
/// Marks the public type that implements a published method. The catalog is built from this attribute, the type's constructors and its
/// XML documentation; a recipe names the method by <see cref="Name"/>.
/// </summary>
/// <param name="name">The method's name in recipes and commands: lower-case words joined by hyphens, for example <c>dice-loss</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class MethodAttribute(string name) : Attribute
{
    /// <summary>The name in recipes and commands.</summary>
    public string Name { get; } = name;

    /// <summary>The number of the paper's brief (1 to 92), or 0 for a standard method of the field.</summary>
    public int Paper { get; init; }

    /// <summary>What sort of method it is.</summary>
    public required MethodKind Kind { get; init; }
}
