using System.Collections.Immutable;
using System.Security.Cryptography;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>One of the small real data sets inside the assembly, as the repository's folder <c>data</c> documents them.</summary>
internal sealed record EmbeddedData(string Name, string File, string Sha256, DataRoles Roles, float Scale = 1)
{
    public static ImmutableArray<EmbeddedData> All { get; } =
    [
        new("digits", "digits.csv.gz", "0f622aac121cc3fc5d83397199887f8019d6db33381d033e73e300a2ce17c1ed",
            new() { Label = "digit", Shape = [1, 8, 8] }, Scale: 1 / 16f),
        new("iris", "iris.csv", "b6b8efc86732bc48c9fbddba53e2c191fd4f263c0ee98e2b1b7d3543e8d2121d", new() { Label = "species" }),
        new("wine", "wine.csv", "0b1878a85c7319cb85c8f5eed4731bac48b130b99bb19169c8ac7f55fbc984f7", new() { Label = "cultivar" }),
        new("breast-cancer", "breast-cancer.csv", "518936fa92ca3d8a78c420aee22030c4e519ffcba3be15dd23e83f2fc22e20e5",
            new() { Label = "diagnosis", Classes = ["malignant", "benign"] }),
        new("diabetes", "diabetes.csv", "921f81fdb8f544eeda2a89a9057bd2a65f710dbbfdb946c7a4a7e39198d8bcce", new() { Target = "progression" }),
    ];

    public Dataset Load()
    {
        using var resource = typeof(EmbeddedData).Assembly.GetManifestResourceStream($"data/{File}")
            ?? throw new InvalidDataException($"{Name}: the resource data/{File} is missing");
        var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        bytes.Position = 0;
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (hash != Sha256)
            throw new InvalidDataException($"{Name}: data/{File} has the SHA-256 {hash}, {Sha256} was expected");
        bytes.Position = 0;
        var dataset = TableFile.Read(bytes, File).ToDataset(Name, Roles);
        if (Scale == 1)
            return dataset;
        var features = dataset.RequireFeatures();
        return dataset.WithFeatures(new FloatMatrix([.. features.Values.ToArray().Select(v => v * Scale)], features.Rows, features.Columns));
    }
}
