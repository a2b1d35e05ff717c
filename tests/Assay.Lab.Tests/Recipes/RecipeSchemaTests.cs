using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Assay.Statistics;
using Assay.Training;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Assay.Lab.Tests;

public sealed class RecipeSchemaTests
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(Mlp).Assembly);
    private static readonly JsonNode Schema = JsonNode.Parse(RecipeSchema.Write(Catalog))!;

    [Theory]
    [InlineData("minimal")]
    [InlineData("everything")]
    [InlineData("local")]
    public void The_schema_accepts_the_sample_recipes(string sample) => Assert.Null(Fault(RecipeTests.Sample(sample)));

    [Theory]
    [InlineData("data: digits\nmodel: mlp(64)\nepocs: 3\n", "epocs")]
    [InlineData("data: digits\nepochs: ten\n", "epochs")]
    [InlineData("data: digits\nepochs: 0\n", "epochs")]
    [InlineData("data: digits\nclip: 0\n", "clip")]
    [InlineData("data: digits\nloss: crossentropy\n", "loss")]
    [InlineData("data: digits\nprecision: fp16\n", "precision")]
    [InlineData("data: digits\nsplit: { test: 1 }\n", "split")]
    [InlineData("data: digits\nearly-stopping: { patence: 1 }\n", "early-stopping")]
    [InlineData("model: mlp(64)\n", "data")]
    public void The_schema_refuses_what_the_reader_refuses(string text, string key)
    {
        Assert.Contains(key, Fault(text), StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Recipe.Parse(text, "r.yaml", Catalog));
    }

    [Fact]
    public void Every_key_is_described_with_its_default()
    {
        foreach (var (key, property) in Schema["properties"]!.AsObject())
            Assert.True(property!["description"]!.GetValue<string>().Length > 10, key);
        Assert.Contains("Default: 20.", Schema["properties"]!["epochs"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("mono-forward(hidden: [500, 500]", Schema["properties"]!["algorithm"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static string? Fault(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(RecipeYaml.QuoteExpressions(yaml).Text));
        return Fault(Schema, Json(stream.Documents[0].RootNode), "");
    }

    // The keywords that our schema uses, and no others.
    private static string? Fault(JsonNode schema, JsonNode? value, string path)
    {
        foreach (var (keyword, argument) in schema.AsObject())
        {
            var fault = keyword switch
            {
                "type" => argument!.GetValue<string>() == TypeOf(value) || (argument.GetValue<string>() == "number" && TypeOf(value) == "integer") ? null : $"{path}: {TypeOf(value)}",
                "enum" => argument!.AsArray().Any(a => JsonNode.DeepEquals(a, value)) ? null : $"{path}: not in the list",
                "minimum" => value!.GetValue<double>() >= argument!.GetValue<double>() ? null : $"{path}: too small",
                "exclusiveMinimum" => value!.GetValue<double>() > argument!.GetValue<double>() ? null : $"{path}: too small",
                "maximum" => value!.GetValue<double>() <= argument!.GetValue<double>() ? null : $"{path}: too large",
                "exclusiveMaximum" => value!.GetValue<double>() < argument!.GetValue<double>() ? null : $"{path}: too large",
                "minLength" => value!.GetValue<string>().Length >= argument!.GetValue<int>() ? null : $"{path}: too short",
                "pattern" => Regex.IsMatch(value!.GetValue<string>(), argument!.GetValue<string>()) ? null : $"{path}: pattern",
                "anyOf" => argument!.AsArray().Any(a => Fault(a!, value, path) is null) ? null : $"{path}: no alternative fits",
                "items" => value!.AsArray().Select((v, i) => Fault(argument!, v, $"{path}[{i}]")).FirstOrDefault(f => f is not null),
                "required" => argument!.AsArray().FirstOrDefault(k => !value!.AsObject().ContainsKey(k!.GetValue<string>())) is { } missing ? $"{path}: {missing} is missing" : null,
                "properties" => value!.AsObject().Where(p => argument![p.Key] is not null).Select(p => Fault(argument![p.Key]!, p.Value, $"{path}/{p.Key}")).FirstOrDefault(f => f is not null),
                "additionalProperties" => value!.AsObject().FirstOrDefault(p => schema["properties"]![p.Key] is null) is { Key: { } stray } ? $"{path}: {stray} is unknown" : null,
                "$schema" or "title" or "description" or "examples" => null,
                _ => throw new NotSupportedException(keyword),
            };
            if (fault is not null)
                return fault;
        }
        return null;
    }

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ when value.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "boolean",
        _ when value.GetValueKind() == System.Text.Json.JsonValueKind.String => "string",
        _ => value.GetValue<double>() == Math.Floor(value.GetValue<double>()) ? "integer" : "number",
    };

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(p => KeyValuePair.Create(((YamlScalarNode)p.Key).Value!, Json(p.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when bool.TryParse(scalar.Value, out var b) => JsonValue.Create(b),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when double.TryParse(scalar.Value, System.Globalization.CultureInfo.InvariantCulture, out var d) => JsonValue.Create(d),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };
}
